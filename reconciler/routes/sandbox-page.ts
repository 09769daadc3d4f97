/** Address of a sandbox's page, for people who read an answer of the edge. */
export function sandboxPage(publicUrl: string, slug: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/sandboxes/${slug}`;
}
