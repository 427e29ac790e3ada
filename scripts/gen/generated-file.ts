/** A file that is made from the sources: committed, never edited, proven fresh by `npm run gen -- --check`. */
export interface GeneratedFile {
  /** Path relative to the folder that is generated into, with forward slashes. */
  path: string;
  content: string;
}

/** A cell of a Markdown table. */
export function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

/** A Markdown table. */
export function table(headings: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(headings), `|${headings.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text in the type of code, also where it has backticks or is in a table. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
