import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.StatusCause;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * fabric8's client with resources of no class of their own: its informer, lists in pages, server-side apply, and
 * edit, which sends a JSON patch. Talks with the test in lines.
 */
public final class Main {
  /** What the test asks for; which fields count depends on {@code what}. */
  private record Command(Map<String, Object> fields) {
    String text(String field) {
      return fields.get(field) instanceof String value ? value : "";
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> object() {
      return (Map<String, Object>) fields.get("object");
    }
  }

  private final KubernetesClient client = new KubernetesClientBuilder().build();
  private final List<List<String>> events = Collections.synchronizedList(new ArrayList<>());
  private SharedIndexInformer<GenericKubernetesResource> informer;

  private MixedOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      all(Command command) {
    boolean global = command.text("resource").equals("globalnetworksets");
    ResourceDefinitionContext context =
        new ResourceDefinitionContext.Builder()
            .withGroup("projectcalico.org")
            .withVersion("v3")
            .withKind(global ? "GlobalNetworkSet" : "NetworkPolicy")
            .withPlural(command.text("resource"))
            .withNamespaced(!global)
            .build();
    return client.genericKubernetesResources(context);
  }

  private Resource<GenericKubernetesResource> one(Command command) {
    return all(command).inNamespace(command.text("namespace")).withName(command.text("name"));
  }

  private Map<String, Object> answer(Command command) throws Exception {
    return switch (command.text("do")) {
      case "list" -> list(command);
      case "follow" -> follow(command);
      case "view" -> view();
      case "apply" -> apply(command);
      case "patch" -> patch(command);
      case "delete" -> delete(command);
      case "end" -> Map.of();
      default -> Map.of("failure", "unknown command " + command.text("do"));
    };
  }

  private Map<String, Object> list(Command command) {
    List<String> names = new ArrayList<>();
    int pages = 0;
    String next = null;
    do {
      var options = new ListOptionsBuilder().withLimit(4L).withContinue(next).build();
      var page = all(command).withLabelSelector(command.text("selector")).list(options);
      pages++;
      page.getItems().forEach(item -> names.add(item.getMetadata().getName()));
      next = page.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    Collections.sort(names);
    return Map.of("names", names, "pages", pages);
  }

  private Map<String, Object> follow(Command command) throws Exception {
    informer = all(command).withLabelSelector(command.text("selector")).runnableInformer(5_000);
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onAdd(GenericKubernetesResource object) {
            note("ADDED", object);
          }

          @Override
          public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
            note("MODIFIED", object);
          }

          @Override
          public void onDelete(GenericKubernetesResource object, boolean finalStateUnknown) {
            note("DELETED", object);
          }
        });
    informer.exceptionHandler((isStarted, error) -> true);
    informer.start().toCompletableFuture().get(60, TimeUnit.SECONDS);
    return Map.of();
  }

  private void note(String type, GenericKubernetesResource object) {
    events.add(
        List.of(type, object.getMetadata().getName(), object.getMetadata().getResourceVersion()));
  }

  private Map<String, Object> view() {
    Map<String, String> objects = new TreeMap<>();
    for (GenericKubernetesResource object : informer.getStore().list()) {
      objects.put(object.getMetadata().getName(), object.getMetadata().getResourceVersion());
    }
    synchronized (events) {
      return Map.of("objects", objects, "events", List.copyOf(events));
    }
  }

  private GenericKubernetesResource resource(Map<String, Object> fields) {
    return client.getKubernetesSerialization().convertValue(fields, GenericKubernetesResource.class);
  }

  private Map<String, Object> apply(Command command) {
    PatchContext context =
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(command.text("manager"))
            .withForce(Boolean.TRUE.equals(command.fields().get("force")))
            .build();
    GenericKubernetesResource sent = resource(command.object());
    Resource<GenericKubernetesResource> target =
        all(command)
            .inNamespace(command.text("namespace"))
            .withName(sent.getMetadata().getName());
    return Map.of("code", 200, "object", target.patch(context, sent));
  }

  private Map<String, Object> patch(Command command) {
    GenericKubernetesResource changes = resource(command.object());
    GenericKubernetesResource edited =
        one(command)
            .edit(
                object -> {
                  object.getMetadata().setLabels(changes.getMetadata().getLabels());
                  @SuppressWarnings("unchecked")
                  Map<String, Object> spec =
                      (Map<String, Object>) object.getAdditionalProperties().get("spec");
                  @SuppressWarnings("unchecked")
                  Map<String, Object> wanted =
                      (Map<String, Object>) changes.getAdditionalProperties().get("spec");
                  spec.putAll(wanted);
                  return object;
                });
    return Map.of("code", 200, "object", edited);
  }

  private Map<String, Object> delete(Command command) {
    if (command.text("name").isEmpty()) {
      all(command).withLabelSelector(command.text("selector")).delete();
    } else if (!command.text("uid").isEmpty()) {
      // The client has no word for a uid that is expected; it has one for the version.
      one(command).lockResourceVersion("1").delete();
    } else if (one(command).delete().isEmpty()) {
      return Map.of("code", 404, "reason", "NotFound");
    }
    return Map.of("code", 200);
  }

  private static Map<String, Object> refusal(Exception error) {
    Map<String, Object> answer = new HashMap<>();
    if (!(error instanceof KubernetesClientException refused) || refused.getStatus() == null) {
      answer.put("failure", String.valueOf(error));
      return answer;
    }
    answer.put("code", refused.getCode());
    answer.put("reason", refused.getStatus().getReason());
    answer.put("message", refused.getStatus().getMessage());
    List<Map<String, String>> causes = new ArrayList<>();
    if (refused.getStatus().getDetails() != null) {
      for (StatusCause cause : refused.getStatus().getDetails().getCauses()) {
        causes.add(
            Map.of(
                "reason", String.valueOf(cause.getReason()),
                "message", String.valueOf(cause.getMessage()),
                "field", String.valueOf(cause.getField())));
      }
    }
    answer.put("causes", causes);
    return answer;
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] args) throws IOException {
    Main main = new Main();
    var json = main.client.getKubernetesSerialization();
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      Command command = new Command(json.unmarshal(line, Map.class));
      Map<String, Object> answer;
      try {
        answer = main.answer(command);
      } catch (Exception error) {
        answer = refusal(error);
      }
      System.out.println("step " + command.fields().get("id") + " " + json.asJson(answer));
      if (command.text("do").equals("end")) break;
    }
    System.exit(0);
  }
}
