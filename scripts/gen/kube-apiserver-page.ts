import { accepted } from '../../test/differential/accepted.ts';
import { type GeneratedFile, table } from './generated-file.ts';

/** docs/reference/kube-apiserver-differences.md. */
export function kubeApiserverPage(): GeneratedFile {
  const rows = accepted.map(({ what, theirs, ours, reason }) => [what, theirs, ours, reason]);
  const content = [
    '# Where this server and kube-apiserver answer differently',
    '',
    "A kube-apiserver with Calico's CustomResourceDefinitions is the measure of the API: the differential suite",
    '(`test/differential`) sends both the same requests and compares codes, headers, bodies and the events of watches. What',
    'follows is all in which they may differ. Times, uids, versions and tables of columns apart, everything else is the same.',
    "Rules of Calico that go beyond its schemas stand in [Where Calico's layers disagree](differences.md).",
    'Generated from `test/differential/accepted.ts` by `npm run gen`.',
    '',
    table(['What', 'kube-apiserver', 'Tortie', 'Why'], rows),
    '',
  ].join('\n');
  return { path: 'docs/reference/kube-apiserver-differences.md', content };
}
