/** Where a path of a document stands in the YAML that it came from. */
import type { SourcePosition } from '#schema/errors';
import { expandShortForm } from '#schema/parse/short-forms';
import { YamlSource } from '#schema/parse/yaml-source';

export type Locate = (index: number, path: readonly string[]) => SourcePosition;

/** @param text YAML that parsed without findings; `index` counts its documents from 0 */
export function locatorOf(text: string, file: string | undefined): Locate {
  const source = new YamlSource(text, file);
  return (index, path) => {
    const document = source.documents[index];
    if (document === undefined) return {};
    // The name does not matter: only where the parts of a short form stand.
    const { sourcePath } = expandShortForm(document.toJS({ maxAliasCount: 100 }), 'any');
    return source.position(source.offsetOf(document, sourcePath([...path]), false));
  };
}
