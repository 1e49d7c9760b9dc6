/** Returns the singular of an English table name, such as `company` for `companies`. */
export function singular(plural: string): string {
  if (/[^aeiou]ies$/i.test(plural)) return plural.replace(/ies$/i, "y");
  if (/(?:ss|sh|ch|x|z)es$/i.test(plural)) return plural.slice(0, -2);
  if (/(?:ss|us|is)$/i.test(plural)) return plural;
  return plural.replace(/s$/i, "");
}
