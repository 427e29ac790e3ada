package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/openapi3"
	"k8s.io/client-go/rest"
	"k8s.io/kube-openapi/pkg/util/proto"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"tortie.example/clients/steps"
)

// readDocuments reads OpenAPI v2 of the whole cluster as Argo CD does before it compares objects: one wrong
// reference or one kind that stands there twice and nothing of the cluster can be read. Each object of the
// command must be an object of the type that is found for its kind. OpenAPI v3 of the group is read as client-go
// offers it.
func readDocuments(config *rest.Config, command steps.Command) (steps.Answer, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	document, err := client.OpenAPISchema()
	if err != nil {
		return nil, err
	}
	models, err := proto.NewOpenAPIData(document)
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	parser, err := managedfields.NewGVKParser(models, false)
	if err != nil {
		return nil, fmt.Errorf("types: %w", err)
	}
	objects, _ := command.Object["items"].([]any)
	for _, item := range objects {
		if err := checkType(parser, item.(map[string]any)); err != nil {
			return nil, err
		}
	}
	v3, err := openapi3.NewRoot(client.OpenAPIV3()).GVSpec(steps.GroupVersion)
	if err != nil {
		return nil, fmt.Errorf("v3: %w", err)
	}
	return steps.Answer{"code": 200, "pages": len(v3.Paths.Paths), "lists": len(objects)}, nil
}

func checkType(parser *managedfields.GvkParser, object map[string]any) error {
	kind, _ := object["kind"].(string)
	found := parser.Type(steps.GroupVersion.WithKind(kind))
	if found == nil {
		return fmt.Errorf("no type for %s", kind)
	}
	if parser.Type(schema.GroupVersionKind{Version: "v1", Kind: "Pod"}) == nil {
		return fmt.Errorf("no type for Pod any more")
	}
	if _, err := found.FromUnstructured(object, typed.AllowDuplicates); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}
