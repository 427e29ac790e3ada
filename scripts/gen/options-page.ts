import { optionPage } from '../../src/config/help.ts';
import type { GeneratedFile } from './generated-file.ts';

/** docs/reference/options.md. */
export function optionsPage(): GeneratedFile {
  return { path: 'docs/reference/options.md', content: optionPage() };
}
