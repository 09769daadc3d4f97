/** `POST /api/v1/images/prune`. */
import type { Page, PruneView } from '#schema/http';
import { audited, type AuditSubject } from '../http/audited.ts';
import type { ApiRouter } from '../http/context.ts';
import type { ApiDeps } from './deps.ts';

export function imageRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.post('/api/v1/images/prune', async (ctx) => {
    const subject: AuditSubject = { user: ctx.state.caller.username, action: 'images.prune' };
    await audited(deps, subject, async () => {
      const items = await deps.reconciler.prune();
      const removed = items.reduce((sum, { removedImages }) => sum + removedImages.length, 0);
      const released = items.reduce((sum, { releasedCommits }) => sum + releasedCommits, 0);
      subject.message = `${removed} images, ${released} commits`;
      const body: Page<PruneView> = { items };
      ctx.body = body;
    });
  });
}
