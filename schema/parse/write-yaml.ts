/** YAML that reads back as the very same value, with readable blocks where that is certain. */
import { Document, visit } from 'yaml';

/** No white space or sign of its own at the beginning, and nothing that a reader of YAML would normalize. */
const PLAIN_BLOCK = /^[^\s#|>][^\r\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]*$/;
/** Lines of nothing but white space, tabs for an indentation, and white space at the end, which is cut off easily. */
const DOUBTFUL_LINES = /\n[ \t]+\n|\n\t|[^\S\n]\n?$|\n\n$/;

const certain = (text: string): boolean =>
  text.includes('\n') ? PLAIN_BLOCK.test(text) && !DOUBTFUL_LINES.test(text) : !/^\s|\s$/.test(text);

/** Without aliases; lines are never folded. */
export function writeYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      // The library's own blocks lose or shift leading white space.
      if (typeof node.value === 'string' && !certain(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}
