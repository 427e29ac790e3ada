/**
 * Whether Go's regular expressions know a class of Unicode by the name that stands in \p{…}: a category (L, Lu, Letter) or
 * a script (Greek). Case, blanks, dashes and underscores do not count (regexp/syntax, from Go 1.25 on).
 */
export function isUnicodeClass(name: string): boolean {
  const words = name
    .replace(/^\^/, '')
    .toLowerCase()
    .split(/[ _-]+/);
  const plain = words.join('');
  if (['any', 'ascii', 'assigned', 'lc', 'cn'].includes(plain)) return true;
  if (!/^[a-z]+$/.test(plain)) return false;
  const titled = words.map(word => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('_');
  return isProperty(`gc=${titled}`) || (titled.length > 2 && isProperty(`sc=${titled}`));
}

/** Whether this engine's Unicode has the property; it wants the exact spelling, as in Old_Persian. */
function isProperty(text: string): boolean {
  try {
    new RegExp(`\\p{${text}}`, 'u');
    return true;
  } catch {
    return false;
  }
}
