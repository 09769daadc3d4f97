/** Where requests for one service end up, for people. */
import { containerName, slugOf } from '#schema/names';
import type { RouteStatus } from '#schema/status';
import type { Choice } from '../routes/choices.ts';
import type { Desired, Inputs } from '../model.ts';

export function routeStatus(choice: Choice, { desired, inputs }: { desired: Desired; inputs: Inputs }): RouteStatus {
  const { reason } = choice;
  switch (choice.target) {
    case 'ocp':
      return { target: 'ocp', url: choice.url, reason };
    case 'url':
      return { target: 'url', url: choice.url, reason };
    case 'other-sandbox': {
      const port = inputs.catalogue.get(choice.service)?.spec.port ?? 8080;
      const slug = inputs.others.get(slugOf(choice.sandbox))?.ref.slug ?? slugOf(choice.sandbox);
      return { target: 'other-sandbox', url: `http://${containerName(slug, choice.service)}:${port}`, reason };
    }
    case 'sandbox':
    case 'missing': {
      const port = desired.services.find((want) => want.service === choice.service)?.port ?? 8080;
      return { target: 'sandbox', url: `http://${containerName(desired.ref.slug, choice.service)}:${port}`, reason };
    }
  }
}
