// Helm 4 as its Go library: releases of the chart beside this folder, by server-side apply unless the first
// argument says "client".
package main

import (
	"os"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"tortie.example/clients/steps"
)

const (
	namespace = "default"
	limit     = time.Minute
)

func main() {
	serverSide := len(os.Args) < 2 || os.Args[1] != "client"
	flags := genericclioptions.NewConfigFlags(true)
	configuration := action.NewConfiguration()
	if err := configuration.Init(flags, namespace, "secret"); err != nil {
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
			install.ServerSideApply = serverSide
			install.WaitStrategy, install.Timeout = kube.StatusWatcherStrategy, limit
			_, err := install.Run(chart, command.Object)
			return steps.Answer{"code": 200}, err
		},
		"upgrade": func(command steps.Command) (steps.Answer, error) {
			upgrade := action.NewUpgrade(configuration)
			upgrade.Namespace, upgrade.ForceConflicts = namespace, command.Force
			upgrade.WaitStrategy, upgrade.Timeout = kube.StatusWatcherStrategy, limit
			_, err := upgrade.Run(command.Name, chart, command.Object)
			return steps.Answer{"code": 200}, err
		},
		"rollback": func(command steps.Command) (steps.Answer, error) {
			rollback := action.NewRollback(configuration)
			rollback.Version, rollback.ForceConflicts = 1, command.Force
			rollback.WaitStrategy, rollback.Timeout = kube.StatusWatcherStrategy, limit
			return steps.Answer{"code": 200}, rollback.Run(command.Name)
		},
		"uninstall": func(command steps.Command) (steps.Answer, error) {
			uninstall := action.NewUninstall(configuration)
			uninstall.WaitStrategy, uninstall.Timeout = kube.StatusWatcherStrategy, limit
			_, err := uninstall.Run(command.Name)
			return steps.Answer{"code": 200}, err
		},
	})
}
