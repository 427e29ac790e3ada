// The dynamic client of client-go and its informers, of whole objects and of metadata only. Whether lists are
// streamed is said with KUBE_FEATURE_WatchListClient.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"tortie.example/clients/steps"
)

// requests counts how informers begin: with a list, or with a watch that brings the list.
type requests struct {
	next           http.RoundTripper
	lists, streams *atomic.Int64
}

func (counted requests) RoundTrip(request *http.Request) (*http.Response, error) {
	query := request.URL.Query()
	if query.Get("sendInitialEvents") == "true" {
		counted.streams.Add(1)
	} else if request.Method == http.MethodGet && query.Get("watch") == "" {
		counted.lists.Add(1)
	}
	return counted.next.RoundTrip(request)
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	exitOn(err)
	client, err := dynamic.NewForConfig(config)
	exitOn(err)

	var lists, streams atomic.Int64
	counted := *config
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper { return requests{next, &lists, &streams} })
	followed, err := dynamic.NewForConfig(&counted)
	exitOn(err)
	metadataOnly, err := metadata.NewForConfig(&counted)
	exitOn(err)

	program := program{client: client}
	handlers := map[string]func(steps.Command) (steps.Answer, error){
		"list":   program.list,
		"apply":  program.apply,
		"patch":  program.patch,
		"delete": program.delete,
		"view":   program.view,
		"documents": func(command steps.Command) (steps.Answer, error) {
			return readDocuments(config, command)
		},
		"follow": func(command steps.Command) (steps.Answer, error) {
			if err := program.follow(followed, metadataOnly, command); err != nil {
				return nil, err
			}
			return steps.Answer{"lists": lists.Load(), "streams": streams.Load()}, nil
		},
	}
	steps.Serve(handlers)
}

type program struct {
	client   dynamic.Interface
	informer cache.SharedIndexInformer
	metadata cache.SharedIndexInformer
	journal  *steps.Journal
}

func (program *program) of(command steps.Command) dynamic.ResourceInterface {
	resource := program.client.Resource(steps.GroupVersion.WithResource(command.Resource))
	if command.Namespace == "" {
		return resource
	}
	return resource.Namespace(command.Namespace)
}

func (program *program) list(command steps.Command) (steps.Answer, error) {
	objects := []metav1.Object{}
	pages := 0
	options := metav1.ListOptions{LabelSelector: command.Selector, Limit: 4}
	for {
		page, err := program.of(command).List(context.TODO(), options)
		if err != nil {
			return nil, err
		}
		pages++
		for index := range page.Items {
			objects = append(objects, &page.Items[index])
		}
		options.Continue = page.GetContinue()
		if options.Continue == "" {
			return steps.Answer{"names": steps.Names(steps.Versions(objects)), "pages": pages}, nil
		}
	}
}

func (program *program) follow(client dynamic.Interface, slim metadata.Interface, command steps.Command) error {
	tweak := func(options *metav1.ListOptions) { options.LabelSelector = command.Selector }
	resource := steps.GroupVersion.WithResource(command.Resource)
	// Each object is told anew every few seconds; that must not read as a change.
	resync := 5 * time.Second
	program.informer = dynamicinformer.NewFilteredDynamicInformer(
		client, resource, metav1.NamespaceAll, resync, cache.Indexers{}, tweak).Informer()
	program.metadata = metadatainformer.NewFilteredMetadataInformer(
		slim, resource, metav1.NamespaceAll, resync, cache.Indexers{}, tweak).Informer()
	program.journal = &steps.Journal{}
	if _, err := program.informer.AddEventHandler(program.journal); err != nil {
		return err
	}
	never := make(chan struct{})
	go program.informer.Run(never)
	go program.metadata.Run(never)
	limit, cancel := context.WithTimeout(context.TODO(), time.Minute)
	defer cancel()
	if !cache.WaitForCacheSync(limit.Done(), program.informer.HasSynced, program.metadata.HasSynced) {
		return fmt.Errorf("the informers have not synced")
	}
	return nil
}

func (program *program) view(steps.Command) (steps.Answer, error) {
	return steps.Answer{
		"objects":  versionsIn(program.informer.GetStore()),
		"metadata": versionsIn(program.metadata.GetStore()),
		"events":   program.journal.Events(),
	}, nil
}

func versionsIn(store cache.Store) map[string]string {
	objects := []metav1.Object{}
	for _, object := range store.List() {
		objects = append(objects, object.(metav1.Object))
	}
	return steps.Versions(objects)
}

func (program *program) apply(command steps.Command) (steps.Answer, error) {
	options := metav1.ApplyOptions{FieldManager: command.Manager, Force: command.Force}
	object := &unstructured.Unstructured{Object: command.Object}
	applied, err := program.of(command).Apply(context.TODO(), object.GetName(), object, options)
	return answerWith(applied, err)
}

func (program *program) patch(command steps.Command) (steps.Answer, error) {
	body, err := json.Marshal(command.Object)
	if err != nil {
		return nil, err
	}
	patched, err := program.of(command).Patch(
		context.TODO(), command.Name, types.MergePatchType, body, metav1.PatchOptions{})
	return answerWith(patched, err)
}

func (program *program) delete(command steps.Command) (steps.Answer, error) {
	options := metav1.DeleteOptions{}
	if command.UID != "" {
		uid := types.UID(command.UID)
		options.Preconditions = &metav1.Preconditions{UID: &uid}
	}
	if command.Name == "" {
		chosen := metav1.ListOptions{LabelSelector: command.Selector}
		return steps.Answer{"code": 200}, program.of(command).DeleteCollection(context.TODO(), options, chosen)
	}
	return steps.Answer{"code": 200}, program.of(command).Delete(context.TODO(), command.Name, options)
}

func answerWith(object *unstructured.Unstructured, err error) (steps.Answer, error) {
	if err != nil {
		return nil, err
	}
	return steps.Answer{"code": 200, "object": object.Object}, nil
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
