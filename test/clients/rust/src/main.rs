//! kube-rs: its watcher with a reflector, lists in pages, apply. The first argument "streaming" makes the watcher
//! ask for streaming lists. Talks with the test in lines.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, Preconditions,
};
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::WatchStreamExt;
use kube::{Client, ResourceExt};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Command {
    id: u64,
    r#do: String,
    resource: String,
    namespace: String,
    name: String,
    selector: String,
    manager: String,
    uid: String,
    force: bool,
    object: Value,
}

type Events = Arc<Mutex<Vec<(&'static str, String, String)>>>;

struct Program {
    client: Client,
    streaming: bool,
    store: Option<Store<DynamicObject>>,
    events: Events,
}

fn resource_of(command: &Command) -> ApiResource {
    let kind = match command.resource.as_str() {
        "globalnetworksets" => "GlobalNetworkSet",
        _ => "NetworkPolicy",
    };
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("projectcalico.org", "v3", kind), &command.resource)
}

fn version_of(object: &DynamicObject) -> String {
    object.resource_version().unwrap_or_default()
}

impl Program {
    fn api(&self, command: &Command) -> Api<DynamicObject> {
        let resource = resource_of(command);
        match command.namespace.as_str() {
            "" => Api::all_with(self.client.clone(), &resource),
            namespace => Api::namespaced_with(self.client.clone(), namespace, &resource),
        }
    }

    async fn answer(&mut self, command: &Command) -> kube::Result<Value> {
        match command.r#do.as_str() {
            "list" => self.list(command).await,
            "follow" => self.follow(command).await,
            "view" => Ok(self.view()),
            "apply" => {
                let mut params = PatchParams::apply(&command.manager);
                params.force = command.force;
                let name = command.object["metadata"]["name"].as_str().unwrap_or_default();
                let applied = self.api(command).patch(name, &params, &Patch::Apply(&command.object)).await?;
                Ok(json!({ "code": 200, "object": applied }))
            }
            "patch" => {
                let params = PatchParams::default();
                let patch = Patch::Merge(&command.object);
                let patched = self.api(command).patch(&command.name, &params, &patch).await?;
                Ok(json!({ "code": 200, "object": patched }))
            }
            "delete" => self.delete(command).await,
            "end" => Ok(json!({})),
            other => Ok(json!({ "failure": format!("unknown command {other}") })),
        }
    }

    async fn list(&self, command: &Command) -> kube::Result<Value> {
        let mut params = ListParams::default().labels(&command.selector).limit(4);
        let (mut names, mut pages) = (Vec::new(), 0);
        loop {
            let page = self.api(command).list(&params).await?;
            pages += 1;
            names.extend(page.items.iter().map(|object| object.name_any()));
            match page.metadata.continue_ {
                Some(token) if !token.is_empty() => params.continue_token = Some(token),
                _ => break,
            }
        }
        names.sort();
        Ok(json!({ "names": names, "pages": pages }))
    }

    async fn follow(&mut self, command: &Command) -> kube::Result<Value> {
        let writer = reflector::store::Writer::new(resource_of(command));
        let store = writer.as_reader();
        let mut config = watcher::Config::default().labels(&command.selector);
        if self.streaming {
            config = config.streaming_lists();
        }
        let stream = watcher(self.api(command), config).default_backoff().reflect(writer);
        let events = self.events.clone();
        tokio::spawn(stream.for_each(move |event| {
            note(&events, event);
            std::future::ready(())
        }));
        let ready = store.wait_until_ready().await;
        self.store = Some(store);
        Ok(if ready.is_ok() { json!({}) } else { json!({ "failure": "the watcher has ended" }) })
    }

    fn view(&self) -> Value {
        let mut objects = Map::new();
        for object in self.store.as_ref().map(Store::state).unwrap_or_default() {
            objects.insert(object.name_any(), version_of(&object).into());
        }
        json!({ "objects": objects, "events": *self.events.lock().unwrap() })
    }

    async fn delete(&self, command: &Command) -> kube::Result<Value> {
        let mut params = DeleteParams::default();
        if !command.uid.is_empty() {
            params.preconditions = Some(Preconditions { uid: Some(command.uid.clone()), ..Default::default() });
        }
        if command.name.is_empty() {
            let chosen = ListParams::default().labels(&command.selector);
            self.api(command).delete_collection(&params, &chosen).await?;
        } else {
            self.api(command).delete(&command.name, &params).await?;
        }
        Ok(json!({ "code": 200 }))
    }
}

/// The watcher does not tell a new object from a changed one: both are SET.
fn note(events: &Events, event: watcher::Result<Event<DynamicObject>>) {
    let (kind, object) = match event {
        Ok(Event::Apply(object) | Event::InitApply(object)) => ("SET", object),
        Ok(Event::Delete(object)) => ("DELETED", object),
        Ok(Event::Init | Event::InitDone) => return,
        Err(error) => return eprintln!("{error}"),
    };
    events.lock().unwrap().push((kind, object.name_any(), version_of(&object)));
}

fn refusal(error: kube::Error) -> Value {
    let kube::Error::Api(status) = error else {
        return json!({ "failure": error.to_string() });
    };
    let causes = status.details.map(|details| details.causes).unwrap_or_default();
    json!({ "code": status.code, "reason": status.reason, "message": status.message, "causes": causes })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut program = Program {
        client: Client::try_default().await?,
        streaming: std::env::args().nth(1).as_deref() == Some("streaming"),
        store: None,
        events: Events::default(),
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command: Command = serde_json::from_str(&line)?;
        let answer = program.answer(&command).await.unwrap_or_else(refusal);
        println!("step {} {answer}", command.id);
        if command.r#do == "end" {
            break;
        }
    }
    Ok(())
}
