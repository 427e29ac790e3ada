// Package steps is the talk with the test: a command comes as one line of JSON, and one line answers it.
package steps

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group and version of everything that the programs touch.
var GroupVersion = schema.GroupVersion{Group: "projectcalico.org", Version: "v3"}

// Command is what the test asks for; which fields count depends on Do.
type Command struct {
	ID        int            `json:"id"`
	Do        string         `json:"do"`
	Resource  string         `json:"resource"`
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`
	Selector  string         `json:"selector"`
	Manager   string         `json:"manager"`
	UID       string         `json:"uid"`
	Force     bool           `json:"force"`
	Object    map[string]any `json:"object"`
}

// Answer is one line to the test.
type Answer map[string]any

// Serve answers commands until the input ends or says "end". A refusal by the API server is an answer; any
// other error is one too, under "failure".
func Serve(handlers map[string]func(Command) (Answer, error)) {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var command Command
		if err := json.Unmarshal(input.Bytes(), &command); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if command.Do == "end" {
			say(command.ID, Answer{})
			return
		}
		handler := handlers[command.Do]
		if handler == nil {
			say(command.ID, Answer{"failure": "unknown command " + command.Do})
			continue
		}
		answer, err := handler(command)
		if err != nil {
			answer = refusal(err)
		}
		say(command.ID, answer)
	}
}

func say(id int, answer Answer) {
	line, err := json.Marshal(answer)
	if err != nil {
		line = []byte(`{"failure":"an answer that is no JSON"}`)
	}
	fmt.Printf("step %d %s\n", id, line)
}

func refusal(err error) Answer {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return Answer{"failure": err.Error()}
	}
	told := status.Status()
	answer := Answer{"code": told.Code, "reason": told.Reason, "message": told.Message}
	if told.Details != nil {
		answer["causes"] = told.Details.Causes
	}
	return answer
}

// Journal keeps what an informer told, in order. It is a cache.ResourceEventHandler.
type Journal struct {
	mutex  sync.Mutex
	events [][3]string
}

func (journal *Journal) add(kind string, object any) {
	meta, ok := object.(metav1.Object)
	if !ok {
		return
	}
	journal.mutex.Lock()
	defer journal.mutex.Unlock()
	journal.events = append(journal.events, [3]string{kind, meta.GetName(), meta.GetResourceVersion()})
}

func (journal *Journal) OnAdd(object any, _ bool) { journal.add("ADDED", object) }
func (journal *Journal) OnUpdate(_, object any)   { journal.add("MODIFIED", object) }

// OnDelete also takes the mark that stands for an object whose deletion was found out by a list.
func (journal *Journal) OnDelete(object any) {
	if lost, ok := object.(interface{ GetObject() any }); ok {
		object = lost.GetObject()
	}
	journal.add("DELETED", object)
}

// Events is everything told so far.
func (journal *Journal) Events() [][3]string {
	journal.mutex.Lock()
	defer journal.mutex.Unlock()
	return append([][3]string{}, journal.events...)
}

// Versions maps names to resource versions.
func Versions(objects []metav1.Object) map[string]string {
	versions := map[string]string{}
	for _, object := range objects {
		versions[object.GetName()] = object.GetResourceVersion()
	}
	return versions
}

// Names in order.
func Names(versions map[string]string) []string {
	names := []string{}
	for name := range versions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
