// Helm 3 as its Go library: releases of the chart beside this folder, by patches that its client computes.
package main

import (
	"fmt"
	"os"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"tortie.example/clients/steps"
)

const (
	namespace = "default"
	limit     = time.Minute
)

func main() {
	flags := genericclioptions.NewConfigFlags(true)
	configuration := new(action.Configuration)
	log := func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
	if err := configuration.Init(flags, namespace, "secret", log); err != nil {
		panic(err)
	}
	chart, err := loader.Load(os.Getenv("CHART"))
	if err != nil {
		panic(err)
	}
	steps.Serve(map[string]func(steps.Command) (steps.Answer, error){
		"install": func(command steps.Command) (steps.Answer, error) {
			install := action.NewInstall(configuration)
			install.ReleaseName, install.Namespace = command.Name, namespace
			install.Wait, install.Timeout = true, limit
			_, err := install.Run(chart, command.Object)
			return steps.Answer{"code": 200}, err
		},
		"upgrade": func(command steps.Command) (steps.Answer, error) {
			upgrade := action.NewUpgrade(configuration)
			upgrade.Namespace = namespace
			upgrade.Wait, upgrade.Timeout = true, limit
			_, err := upgrade.Run(command.Name, chart, command.Object)
			return steps.Answer{"code": 200}, err
		},
		"rollback": func(command steps.Command) (steps.Answer, error) {
			rollback := action.NewRollback(configuration)
			rollback.Version, rollback.Wait, rollback.Timeout = 1, true, limit
			return steps.Answer{"code": 200}, rollback.Run(command.Name)
		},
		"uninstall": func(command steps.Command) (steps.Answer, error) {
			uninstall := action.NewUninstall(configuration)
			uninstall.Wait, uninstall.Timeout = true, limit
			_, err := uninstall.Run(command.Name)
			return steps.Answer{"code": 200}, err
		},
	})
}
