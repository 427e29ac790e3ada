import { fullMessage, type Level, type Subject } from './report.ts';

const colours: Record<Level, string> = { error: '\x1b[1;31m', warning: '\x1b[1;33m' };
const bold = '\x1b[1m';
const plain = '\x1b[0m';

/** One line for each problem, as compilers write them: `file.yaml:12:7: error: spec.order: …`. Ends with a newline, if not empty. */
export function textOf(subject: Subject, options: { colour: boolean }): string {
  const paint = (start: string, text: string) => (options.colour ? `${start}${text}${plain}` : text);
  return subject.problems
    .map(problem => {
      const place = `${visible(problem.file)}:${problem.line}:${problem.column}:`;
      const level = paint(colours[problem.level], `${problem.level}:`);
      return `${paint(bold, place)} ${level} ${visible(fullMessage(problem))}\n`;
    })
    .join('');
}

/** Whether output that goes there is to be coloured: on a terminal, unless NO_COLOR is set (no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

/** Control characters, which a name in a file may hold, would be commands to a terminal or break the line. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, character => {
    if (character === '\n') return '\\n';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
