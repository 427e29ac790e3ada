"""The dynamic client of the Python package `kubernetes`, and a watch as its users write it: a list, then watches
that go on from the last resourceVersion, and a list again when that is too old. Talks with the test in lines."""

import json
import sys
import threading
import time

import kubernetes
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from urllib3.exceptions import HTTPError

VERSION = "projectcalico.org/v3"
KINDS = {"globalnetworksets": "GlobalNetworkSet", "networkpolicies": "NetworkPolicy"}


class Program:
    def __init__(self):
        api = kubernetes.config.new_client_from_config()
        self.dynamic = DynamicClient(api)
        self.custom = kubernetes.client.CustomObjectsApi(api)
        self.objects = {}
        self.events = []
        self.lists = 0
        self.lock = threading.Lock()

    def resource(self, command):
        return self.dynamic.resources.get(api_version=VERSION, kind=KINDS[command["resource"]])

    def list(self, command):
        names, pages, token = [], 0, None
        while True:
            page = self.resource(command).get(
                label_selector=command["selector"], limit=4, **({"_continue": token} if token else {})
            )
            pages += 1
            names += [item.metadata.name for item in page.items]
            token = page.metadata["continue"]
            if not token:
                return {"names": sorted(names), "pages": pages}

    def follow(self, command):
        resource = self.resource(command)
        version = self.relist(resource, command["selector"])
        threading.Thread(target=self.watch, args=(resource, command["selector"], version), daemon=True).start()
        return {}

    def relist(self, resource, selector):
        page = resource.get(label_selector=selector)
        with self.lock:
            self.lists += 1
            found = {item.metadata.name: item.metadata.resourceVersion for item in page.items}
            for name, version in found.items():
                self.events.append(["MODIFIED" if name in self.objects else "ADDED", name, version])
            for name in self.objects.keys() - found.keys():
                self.events.append(["DELETED", name, self.objects[name]])
            self.objects = found
        return page.metadata.resourceVersion

    def watch(self, resource, selector, version):
        while True:
            try:
                if version is None:
                    version = self.relist(resource, selector)
                stream = resource.watch(
                    label_selector=selector, resource_version=version, timeout=60, allow_watch_bookmarks=True
                )
                for event in stream:
                    version = self.note(event)
            except ApiException as refused:
                if refused.status == 410:
                    version = None
                else:
                    time.sleep(0.2)
            except (HTTPError, OSError):
                time.sleep(0.2)

    def note(self, event):
        metadata = event["raw_object"]["metadata"]
        version = metadata["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return version
        with self.lock:
            self.events.append([event["type"], metadata["name"], version])
            if event["type"] == "DELETED":
                self.objects.pop(metadata["name"], None)
            else:
                self.objects[metadata["name"]] = version
        return version

    def view(self, _command):
        with self.lock:
            return {"objects": dict(self.objects), "events": list(self.events), "lists": self.lists}

    def apply(self, command):
        applied = self.resource(command).server_side_apply(
            body=command["object"],
            name=command["object"]["metadata"]["name"],
            namespace=command["namespace"] or None,
            field_manager=command["manager"],
            force_conflicts=command["force"],
        )
        return {"code": 200, "object": applied.to_dict()}

    def patch(self, command):
        """With the patch type that the generated client chooses by itself."""
        patched = self.custom.patch_namespaced_custom_object(
            "projectcalico.org", "v3", command["namespace"], command["resource"], command["name"], command["object"]
        )
        return {"code": 200, "object": patched}

    def delete(self, command):
        resource = self.resource(command)
        namespace = command["namespace"] or None
        body = {"preconditions": {"uid": command["uid"]}} if command["uid"] else None
        if command["name"]:
            resource.delete(name=command["name"], namespace=namespace, body=body)
        else:
            resource.delete(namespace=namespace, label_selector=command["selector"])
        return {"code": 200}


def refusal(error):
    try:
        status = json.loads(error.body)
    except (TypeError, ValueError):
        return {"failure": str(error)}
    causes = (status.get("details") or {}).get("causes", [])
    return {"code": status["code"], "reason": status["reason"], "message": status["message"], "causes": causes}


def main():
    program = Program()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {} if command["do"] == "end" else getattr(program, command["do"])(command)
        except ApiException as error:
            answer = refusal(error)
        except Exception as error:  # The test is told whatever goes wrong.
            answer = {"failure": repr(error)}
        print(f"step {command['id']} {json.dumps(answer)}", flush=True)
        if command["do"] == "end":
            return


main()
