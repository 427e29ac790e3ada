import type { Difference } from './compare.ts';
import type { Step } from './sequence.ts';

/**
 * A difference between a kube-apiserver with Calico's CRDs and this server that is meant. It applies where the place,
 * the request and both values fit; a line that no sequence of the corpus needs any more fails.
 * docs/reference/kube-apiserver-differences.md is generated from the table.
 */
export interface Accepted {
  /** What is asked, for the page. */
  what: string;
  theirs: string;
  ours: string;
  reason: string;
  /** The place in the answer. */
  at: RegExp;
  /** What is asked. */
  asked?: (step: Step) => boolean;
  /** Tried on the value, or on its JSON where it is no text; an absent one is ''. */
  their?: RegExp;
  our?: RegExp;
}

/** Whether a line of the table allows a difference. */
export function allows(line: Accepted, { at, step, theirs, ours }: Difference): boolean {
  const text = (value: unknown) =>
    value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return (
    line.at.test(at) &&
    (line.asked === undefined || line.asked(step)) &&
    (line.their === undefined || line.their.test(text(theirs))) &&
    (line.our === undefined || line.our.test(text(ours)))
  );
}

const isTable = ({ accept }: Step) => accept?.includes('as=Table') === true;
const hasBody = (step: Step) => 'body' in step && step.body !== undefined;
const isYaml = (step: Step) => 'contentType' in step && step.contentType === 'application/yaml';
const isPatch = (step: Step) => 'method' in step && step.method === 'PATCH';
const asksFor = (pattern: RegExp) => (step: Step) => pattern.test(step.query ?? '');

const answers: Accepted[] = [
  {
    what: 'Columns of a Table',
    theirs: 'those of the CRD: Name, Age, and some fields as they are',
    ours: 'richer ones for each kind',
    reason: 'what `kubectl get` shows should be what one looks for',
    at: /columnDefinitions(\[\d+\]|$)|\.cells$/,
    asked: isTable,
  },
  {
    what: '`metadata.continue` of a list without a next page',
    theirs: '`""`',
    ours: 'absent',
    reason: 'as servers of built-in kinds do; it means the same',
    at: /^body\.metadata\.continue$/,
    their: /^$/,
    our: /^$/,
  },
  {
    what: 'the key within a continue token',
    theirs: 'begins with a slash',
    ours: 'has none',
    reason: 'a token is opaque to clients; both forms are read',
    at: /^body\.metadata\.continue\.start$/,
    their: /^\//,
  },
  {
    what: '`limit` with `resourceVersion=0`',
    theirs: 'all objects at once',
    ours: 'pages',
    reason: 'the client asked for them',
    at: /^body\.(items|metadata\.continue|metadata\.remainingItemCount)$/,
    asked: asksFor(/limit=\d.*resourceVersion=0|resourceVersion=0.*limit=\d/),
  },
  {
    what: 'the last page of a list with a selector',
    theirs: 'may have a token, which leads to an empty page',
    ours: 'has none',
    reason: 'it is known that nothing follows',
    at: /^body\.metadata\.continue$/,
    asked: asksFor(/limit=.*Selector=/),
    our: /^$/,
  },
  {
    what: '`items` of an empty PartialObjectMetadataList',
    theirs: '`null`',
    ours: '`[]`',
    reason: 'some clients do not take null for a list',
    at: /^body\.items$/,
    their: /^null$/,
    our: /^\[\]$/,
  },
  {
    what: 'an error where `as=` asks for another form',
    theirs: 'indented',
    ours: 'compact',
    reason: 'nobody asked for indentation',
    at: /^layout$/,
    asked: ({ accept }) => accept?.includes(';as=') === true,
    their: /^indented$/,
  },
  {
    what: 'an error where YAML and `as=` are asked for',
    theirs: 'JSON',
    ours: 'YAML',
    reason: 'it is the type that was asked for',
    at: /^headers\.content-type$/,
    asked: ({ accept }) => /application\/yaml;as=/.test(accept ?? ''),
  },
];

const mediaTypes: Accepted[] = [
  {
    what: 'the list of types in a 406 and a 415',
    theirs: 'names protobuf',
    ours: 'does not, and for a watch names what a watch can be',
    reason: 'protobuf is not spoken; clients go on with JSON',
    at: /^answer$/,
    their: /^4(06|15) .*application\/vnd\.kubernetes\.protobuf/s,
    our: /^(406 NotAcceptable: only the following media types|415 UnsupportedMediaType: .*application\/yaml$)/,
  },
  {
    what: 'protobuf in Accept',
    theirs: 'metadata and errors are written in it',
    ours: 'the next type in the header is taken',
    reason: 'protobuf is not spoken; clients go on with JSON',
    at: /^answer$/,
    asked: ({ accept }) => /^application\/vnd\.kubernetes\.protobuf.*,application\/json/.test(accept ?? ''),
  },
  {
    what: '`q=0` in Accept',
    theirs: 'the type is taken',
    ours: '406',
    reason: 'RFC 9110: such a type is not acceptable',
    at: /^answer$/,
    asked: ({ accept }) => accept === 'application/json;q=0',
  },
  {
    what: '`as=PartialObjectMetadataList` for what is no list',
    theirs: '500 on an object, a stream on a watch, an error of its own kind comes through',
    ours: '406',
    reason: 'nothing has failed in the server, and a write should not be done before it is found out',
    at: /^answer$/,
    asked: ({ accept }) => accept?.includes('as=PartialObjectMetadataList') === true,
    our: /^406 /,
  },
  {
    what: '`as=PartialObjectMetadata` for a list',
    theirs: '406, whose message names the Go type',
    ours: '406, whose message names the kind',
    reason: 'there is no such Go type',
    at: /^answer$/,
    their: /^406 .*requested object is a list \(\*/,
    our: /^406 .*requested object is a list/,
  },
  {
    what: 'a patch type in upper case',
    theirs: '415',
    ours: 'taken',
    reason: 'RFC 9110: media types have no case',
    at: /^answer$/,
    asked: step => 'contentType' in step && step.contentType === 'APPLICATION/MERGE-PATCH+JSON',
  },
  {
    what: 'a strategic merge patch',
    theirs: '415',
    ours: 'merged',
    reason: "`kubectl patch` without `--type` sends one; Calico's Go server takes it",
    at: /^answer$/,
    asked: step => 'contentType' in step && step.contentType === 'application/strategic-merge-patch+json',
    their: /^415 /,
  },
  {
    what: 'the list of types in the 415 of a patch',
    theirs: 'does not name strategic merge patches',
    ours: 'names them',
    reason: "`kubectl patch` without `--type` sends one; Calico's Go server takes it",
    at: /^answer$/,
    asked: isPatch,
    their: /^415 .*merge-patch\+json, application\/apply-patch\+yaml$/,
    our: /^415 .*application\/strategic-merge-patch\+json, application\/apply-patch\+yaml$/,
  },
];

const paths: Accepted[] = [
  {
    what: 'paths under the group that are no resource in this scope',
    theirs: '404, plain text',
    ours: '404 or 405, a Status',
    reason: 'as servers of built-in kinds do: clients can read it',
    at: /^answer$/,
    their: /^404 404 page not found$/,
    our: /^(404 NotFound: the server could not find the requested resource|405 MethodNotAllowed)/,
  },
  {
    what: 'a method that a resource does not take',
    theirs:
      'a 405 with a message of its own; on a collection and on an object 400, after the body has been read',
    ours: '405 of the router',
    reason: 'as servers of built-in kinds do',
    at: /^answer$/,
    their:
      /^(405 MethodNotAllowed: \w* ?is not supported on resources of kind|400 BadRequest: (name must be provided|the object provided))/,
    our: /^405 MethodNotAllowed: the server does not allow this method/,
  },
  {
    what: 'a subresource that there is not',
    theirs: 'the object is looked for; below `/status` the rest of the path is passed over',
    ours: '404 of the router',
    reason: 'as servers of built-in kinds do',
    at: /^answer$/,
    asked: ({ path }) => /\/(scale|status|status\/more|a\/b\/c)$/.test(path),
    our: /^404 NotFound: the server could not find the requested resource$/,
  },
];

const bodies: Accepted[] = [
  {
    what: '`kind` or `apiVersion` absent in a body',
    theirs: '400 (422 or 500 for a patch that takes them out)',
    ours: 'filled in from the URL',
    reason: 'as servers of built-in kinds do',
    at: /^answer$/,
    asked: hasBody,
    their: /Object 'Kind' is missing|Object 'apiVersion' is missing/,
    our: /^20[01] \w+$/,
  },
  {
    what: 'another kind or version in a body',
    theirs: '422 of the field',
    ours: '400',
    reason: 'as servers of built-in kinds do: such a body is not decoded',
    at: /^answer$/,
    asked: hasBody,
    their: /^422 Invalid: .*(kind|apiVersion): Invalid value: "[^"]+": must be /,
    our: /^400 BadRequest: .*(the kind in the body must be|does not match the expected API version)/,
  },
  {
    what: 'a body of another version',
    theirs: 'a warning of unknown fields beside the 400',
    ours: 'the 400 alone',
    reason: 'the fields are not the problem',
    at: /^headers\.warning$/,
    their: /unknown field/,
    our: /^$/,
  },
  {
    what: 'a wrong type in metadata',
    theirs: '400 with the text of the JSON decoder, and only the first problem; 422 of the patch for a patch',
    ours: '422 with the path, and all other problems',
    reason: 'one should not have to know Go to read it',
    at: /^answer$/,
    their:
      /json: cannot unmarshal \w+ into Go (struct field ObjectMeta|value of type v1\.ObjectMeta)|parsing time/,
    our: /^422 Invalid: \w+\.projectcalico\.org "\w*" is invalid: (\[?)metadata/,
  },
  {
    what: 'YAML that is none, or more than one document',
    theirs: 'texts of its YAML library; further documents are passed over',
    ours: 'texts of another library, with the line; 400',
    reason: 'another library; what was sent should not be passed over in silence',
    at: /^answer$/,
    asked: isYaml,
    their: /^400 BadRequest: the object provided is unrecognized/,
    our: /^400 BadRequest: the object provided is unrecognized \(must be of type NetworkSet\): yaml: line/,
  },
  {
    what: 'options of a delete that are of another kind',
    theirs: 'a message with a place in the sources of Kubernetes',
    ours: 'without',
    reason: 'there is no such place',
    at: /^answer$/,
    their: /in scheme "pkg\/runtime/,
    our: /as options of a delete$/,
  },
];

const refusals: Accepted[] = [
  {
    what: '`resourceVersion` in a create',
    theirs: '500; not looked at in a dry run',
    ours: '400, in a dry run too',
    reason: "the client's mistake; a dry run tells what would be",
    at: /^answer$/,
    asked: step => 'method' in step && step.method === 'POST',
    our: /^400 BadRequest: resourceVersion should not be set on objects to be created$/,
  },
  {
    what: '`resourceVersion` that is no number',
    theirs: '500',
    ours: '400 in a query, 409 in an update',
    reason: "the client's mistake",
    at: /^answer$/,
    their: /^500 : .*strconv\.ParseUint/,
    our: /^(400 BadRequest: invalid resource version|409 Conflict)/,
  },
  {
    what: 'the key of the store in a 409 for another uid',
    theirs: "etcd's",
    ours: 'the name',
    reason: 'there is no such key',
    at: /^answer$/,
    their: /^409 .*Key: \/registry/,
    our: /^409 .*Precondition failed: UID in precondition/,
  },
  {
    what: 'a field that cannot be selected by',
    theirs: '`field label not supported`',
    ours: 'says which can',
    reason: 'as servers of built-in kinds do',
    at: /^answer$/,
    their: /^400 BadRequest: field label not supported: /,
    our: /^400 BadRequest: ".*" is not a known field selector: only /,
  },
  {
    what: 'causes of a refusal',
    theirs: 'the same one twice',
    ours: 'once',
    reason: 'one mistake, one line',
    at: /^body\.details\.causes$/,
    their: /(\{"reason":"\w+","message":".*?","field":"[^"]*"\}),\1/,
  },
  {
    what: 'causes of a refusal for unknown and duplicate fields',
    theirs: 'none',
    ours: 'each such field with what may have been meant, and all other problems',
    reason: 'the message is upstream\u2019s to the letter; causes help',
    at: /^body\.details(\.causes)?$/,
    asked: asksFor(/fieldValidation=Strict/),
    our: /unknown field|duplicate field|already set in map/,
  },
  {
    what: 'causes of a JSON patch that fails',
    theirs: 'none',
    ours: 'which operation, and why',
    reason: 'the message, which is the same for all, does not tell',
    at: /^body\.details(\.causes)?$/,
    asked: isPatch,
    our: /"field":"patch(\[\d+\])?"/,
  },
  {
    what: 'a wrong type or word in a field',
    theirs: 'followed by `<nil>` lines that repeat it, and by each enum of an allOf',
    ours: 'once',
    reason: 'one mistake, one line ([decision](../decisions/schema-verdicts.md))',
    at: /^answer$/,
    their: /^422 Invalid: .*<nil>: Invalid value: ""/,
    our: /^422 Invalid: /,
  },
];

const isApply = (step: Step) => 'contentType' in step && step.contentType === 'application/apply-patch+yaml';

const apply: Accepted[] = [
  {
    what: 'an apply that does not fit the schema',
    theirs: '500',
    ours: '400, with the same message',
    reason: "the client's mistake",
    at: /^answer$/,
    asked: isApply,
    their: /^500 : failed to create typed patch object/,
    our: /^400 BadRequest: failed to create typed patch object/,
  },
  {
    what: 'an apply by which a list or an object loses the last that is in it, or that says null',
    theirs: 'null is put in its place, and refused: 422',
    ours: 'it is empty, or absent',
    reason: 'as servers of built-in kinds do, for which null is absent',
    at: /^answer$/,
    asked: isApply,
    their: /^422 Invalid: .*(must be of type \w+: "null"|spec: Required value)$/,
    our: /^20[01] /,
  },
  {
    what: 'an apply whose YAML is none',
    theirs: 'texts of its YAML library',
    ours: 'texts of another library',
    reason: 'another library',
    at: /^answer$/,
    asked: isApply,
    their: /^400 BadRequest: error decoding YAML: /,
    our: /^400 BadRequest: error decoding YAML: /,
  },
  {
    what: '`managedFields: []` in a patch',
    theirs: 'passed over; `[{}]` forgets the managers',
    ours: 'the managers are forgotten, as with `[{}]`',
    reason: 'as servers of built-in kinds do',
    at: /^body\.metadata\.(managedFields|resourceVersion)$/,
    asked: step => 'body' in step && /"managedFields":\[\]/.test(JSON.stringify(step.body)),
  },
  {
    what: 'managedFields whose fields are no object',
    theirs: 'passed over',
    ours: '422',
    reason: 'a wrong type in metadata, as any other',
    at: /^answer$/,
    their: /^200 /,
    our: /^422 .*metadata\.managedFields\[0\]\.fieldsV1 in body must be of type object/,
  },
];

const isHandshake = (step: Step) => 'handshake' in step;

const webSockets: Accepted[] = [
  {
    what: 'a WebSocket without an Origin, or of the Origin `null`',
    theirs: '403',
    ours: 'opened',
    reason: 'only browsers have an Origin; any other one is taken by both',
    at: /^answer$/,
    asked: isHandshake,
    their: /^403 /,
    our: /^101/,
  },
  {
    what: 'a WebSocket whose key is not 16 bytes',
    theirs: 'opened',
    ours: '400',
    reason: 'RFC 6455 §4.2.1',
    at: /^answer$/,
    asked: isHandshake,
    their: /^101/,
    our: /^400 BadRequest: mismatch challenge/,
  },
  {
    what: 'a handshake of a WebSocket that is refused',
    theirs: 'text, or nothing',
    ours: 'a Status',
    reason: 'as any other refusal: clients can read it',
    at: /^answer$/,
    asked: isHandshake,
    their: /^400 (missing or bad WebSocket Version|mismatch challenge\/response|)$/,
    our: /^400 BadRequest: /,
  },
];

export const accepted: Accepted[] = [
  ...answers,
  ...mediaTypes,
  ...paths,
  ...bodies,
  ...refusals,
  ...apply,
  ...webSockets,
];
