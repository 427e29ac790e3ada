// controller-runtime: a manager with a cache, reads through it, and a controller that keeps one network set
// for each policy that asks for one, owned by the policy.
package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2/textlogger"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"tortie.example/clients/steps"
)

// The kinds of the resources that the test names.
var kinds = map[string]string{
	"globalnetworksets": "GlobalNetworkSet",
	"networkpolicies":   "NetworkPolicy",
	"networksets":       "NetworkSet",
}

const finalizer = "example.org/clients"

func main() {
	ctrl.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(os.Stderr))))
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	exitOn(err)
	program := program{ctx: ctrl.SetupSignalHandler()}
	program.direct, err = client.New(config, client.Options{})
	exitOn(err)
	steps.Serve(map[string]func(steps.Command) (steps.Answer, error){
		"follow": func(command steps.Command) (steps.Answer, error) {
			selector, err := labels.Parse(command.Selector)
			if err != nil {
				return nil, err
			}
			program.selector, program.kind = selector, kinds[command.Resource]
			program.manager, err = ctrl.NewManager(config, ctrl.Options{
				Metrics: server.Options{BindAddress: "0"},
				Client:  client.Options{Cache: &client.CacheOptions{Unstructured: true}},
				Cache:   cache.Options{SyncPeriod: new(5 * time.Second)},
			})
			if err != nil {
				return nil, err
			}
			return steps.Answer{}, program.start()
		},
		"view":       program.view,
		"list":       program.list,
		"apply":      program.apply,
		"patch":      program.patch,
		"delete":     program.delete,
		"reconciled": program.reconciled,
	})
}

type program struct {
	ctx      context.Context
	manager  ctrl.Manager
	direct   client.Client
	selector labels.Selector
	kind     string
	journal  steps.Journal
	created  atomic.Int64
	finished atomic.Int64
}

func newObject(kind string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(steps.GroupVersion.WithKind(kind))
	return object
}

func newList(kind string) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(steps.GroupVersion.WithKind(kind + "List"))
	return list
}

func (program *program) start() error {
	informer, err := program.manager.GetCache().GetInformer(program.ctx, newObject(program.kind))
	if err != nil {
		return err
	}
	if _, err := informer.AddEventHandler(&program.journal); err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(program.manager).
		For(newObject("NetworkPolicy")).Owns(newObject("NetworkSet")).Named("sets").
		Complete(program)
	if err != nil {
		return err
	}
	go func() { exitOn(program.manager.Start(program.ctx)) }()
	if !program.manager.GetCache().WaitForCacheSync(program.ctx) {
		return fmt.Errorf("the cache has not synced")
	}
	return nil
}

// Reconcile keeps a network set of the policy's name beside a policy with the label owner=yes. A finalizer
// lets it see the policy go.
func (program *program) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	reader := program.manager.GetClient()
	policy := newObject("NetworkPolicy")
	if err := reader.Get(ctx, request.NamespacedName, policy); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if policy.GetLabels()["owner"] != "yes" {
		return ctrl.Result{}, nil
	}
	if !policy.GetDeletionTimestamp().IsZero() {
		if controllerutil.RemoveFinalizer(policy, finalizer) {
			program.finished.Add(1)
			return ctrl.Result{}, client.IgnoreNotFound(reader.Update(ctx, policy))
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(policy, finalizer) {
		return ctrl.Result{}, reader.Update(ctx, policy)
	}
	set := newObject("NetworkSet")
	set.SetNamespace(request.Namespace)
	set.SetName(request.Name)
	result, err := controllerutil.CreateOrUpdate(ctx, reader, set, func() error {
		err := unstructured.SetNestedStringSlice(set.Object, []string{"192.0.2.0/24"}, "spec", "nets")
		if err != nil {
			return err
		}
		return controllerutil.SetControllerReference(policy, set, program.manager.GetScheme())
	})
	if result == controllerutil.OperationResultCreated {
		program.created.Add(1)
	}
	return ctrl.Result{}, err
}

func (program *program) reconciled(command steps.Command) (steps.Answer, error) {
	return steps.Answer{"created": program.created.Load(), "finished": program.finished.Load()}, nil
}

// view reads from the cache, and does not tell of objects that were not asked for.
func (program *program) view(steps.Command) (steps.Answer, error) {
	list := newList(program.kind)
	selected := client.MatchingLabelsSelector{Selector: program.selector}
	if err := program.manager.GetClient().List(program.ctx, list, selected); err != nil {
		return nil, err
	}
	return steps.Answer{"objects": versionsOf(list), "events": program.journal.Events()}, nil
}

func versionsOf(list *unstructured.UnstructuredList) map[string]string {
	objects := []metav1.Object{}
	for index := range list.Items {
		objects = append(objects, &list.Items[index])
	}
	return steps.Versions(objects)
}

func (program *program) list(command steps.Command) (steps.Answer, error) {
	selector, err := labels.Parse(command.Selector)
	if err != nil {
		return nil, err
	}
	list := newList(kinds[command.Resource])
	options := []client.ListOption{
		client.InNamespace(command.Namespace), client.MatchingLabelsSelector{Selector: selector},
	}
	if err := program.direct.List(program.ctx, list, options...); err != nil {
		return nil, err
	}
	return steps.Answer{"names": steps.Names(versionsOf(list))}, nil
}

func (program *program) apply(command steps.Command) (steps.Answer, error) {
	object := &unstructured.Unstructured{Object: command.Object}
	options := []client.ApplyOption{client.FieldOwner(command.Manager)}
	if command.Force {
		options = append(options, client.ForceOwnership)
	}
	err := program.direct.Apply(program.ctx, client.ApplyConfigurationFromUnstructured(object), options...)
	return steps.Answer{"code": 200, "object": object.Object}, err
}

func (program *program) patch(command steps.Command) (steps.Answer, error) {
	object := newObject(kinds[command.Resource])
	key := types.NamespacedName{Namespace: command.Namespace, Name: command.Name}
	if err := program.direct.Get(program.ctx, key, object); err != nil {
		return nil, err
	}
	before := client.MergeFromWithOptions(object.DeepCopy(), client.MergeFromWithOptimisticLock{})
	for _, part := range []string{"metadata", "spec"} {
		changes, _ := command.Object[part].(map[string]any)
		for field, value := range changes {
			if err := unstructured.SetNestedField(object.Object, value, part, field); err != nil {
				return nil, err
			}
		}
	}
	err := program.direct.Patch(program.ctx, object, before)
	return steps.Answer{"code": 200, "object": object.Object}, err
}

func (program *program) delete(command steps.Command) (steps.Answer, error) {
	object := newObject(kinds[command.Resource])
	object.SetNamespace(command.Namespace)
	object.SetName(command.Name)
	answer := steps.Answer{"code": 200}
	if command.Name == "" {
		selector, err := labels.Parse(command.Selector)
		if err != nil {
			return nil, err
		}
		return answer, program.direct.DeleteAllOf(program.ctx, object,
			client.InNamespace(command.Namespace), client.MatchingLabelsSelector{Selector: selector})
	}
	options := []client.DeleteOption{}
	if command.UID != "" {
		uid := types.UID(command.UID)
		options = append(options, client.Preconditions{UID: &uid})
	}
	return answer, program.direct.Delete(program.ctx, object, options...)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
