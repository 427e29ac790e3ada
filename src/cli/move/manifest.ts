import type { Kind } from '../../kinds/kind.ts';
import { limits } from '../../limits.ts';
import { type Decoded, decode, type TextPosition } from '../../machinery/decode.ts';
import type { ApiObject } from '../../machinery/object.ts';
import { atOnce } from '../../machinery/steps.ts';
import { readObject } from '../../registry/sent-object.ts';
import { checkDocument, placeOfField } from '../validate/check-document.ts';
import { mediaTypeOf, type RawDocument, splitDocuments } from '../validate/documents.ts';
import { findObjects } from '../validate/objects.ts';
import type { Report, Subject } from '../validate/report.ts';

/** An object of a file that has nothing wrong with itself. */
export interface FileObject {
  kind: Kind;
  object: ApiObject;
  /** Where a field of it stands in the file; '' for where it begins. */
  place(field: string): TextPosition;
}

/** What a file holds: the objects to be stored, and those with errors. */
export interface Manifest {
  objects: FileObject[];
  wrong: Subject[];
  /** Objects of other API groups, and documents that are no Kubernetes objects. */
  passedOver: Report['passedOver'];
}

/** Reads a file of YAML or JSON documents, as `tortie validate` does, and checks each object by itself. */
export function readObjects(file: string, bytes: Uint8Array): Manifest {
  const report: Report = {
    files: 1,
    subjects: [],
    passedOver: { otherGroups: 0, noObjects: 0 },
    unreadable: [],
  };
  const objects: FileObject[] = [];
  const wrong: Subject[] = [];
  let number = 0;
  for (const raw of splitDocuments(bytes)) {
    report.subjects = [];
    checkDocument(raw, { file, number: ++number, report, seen: new Map() });
    const subjects = report.subjects;
    const isWrong = subjects.map(({ problems }) => problems.some(({ level }) => level === 'error'));
    wrong.push(...subjects.filter((_subject, index) => isWrong[index]));
    if (isWrong.includes(false)) objects.push(...goodObjects(file, raw, isWrong));
  }
  return { objects, wrong, passedOver: report.passedOver };
}

/** The objects of a document that can be decoded, but for those that are wrong; they are told of in the same order. */
function goodObjects(file: string, raw: RawDocument, isWrong: boolean[]): FileObject[] {
  const decoded: Decoded = decode(raw.bytes, mediaTypeOf(file, raw), {
    origin: raw.origin,
    maxYamlTokens: limits.maxManifestYamlTokens,
  });
  const good: FileObject[] = [];
  let index = 0;
  for (const found of findObjects(decoded.value)) {
    if (found.sort === 'passed over') continue;
    const leaveOut = isWrong[index++];
    if (leaveOut || found.sort !== 'object') continue;
    const { kind, value, path } = found;
    const { object } = atOnce(readObject(kind, { value, duplicates: [] }));
    good.push({ kind, object, place: field => placeOfField(decoded, raw.start, path, field) });
  }
  return good;
}
