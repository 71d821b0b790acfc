/** For whom a pod runs: Kubernetes has no field for it, so only labels and annotations that platforms write it into are taken. Pure. */
import { textsOf } from './job-fields.js';
import type { Loose } from '../../model/loose.js';

/** In this order. docs/JOBS.md lists them. */
export const USER_MARKS: readonly { readonly in: 'label' | 'annotation'; readonly key: string }[] = [
  // JupyterHub writes the name as it is into the annotation, and escaped into the label.
  { in: 'annotation', key: 'hub.jupyter.org/username' },
  { in: 'label', key: 'hub.jupyter.org/username' },
  { in: 'annotation', key: 'notebooks.opendatahub.io/username' },
  { in: 'label', key: 'com.coder.user.username' },
  { in: 'annotation', key: 'app.kubernetes.io/created-by' },
  { in: 'label', key: 'app.kubernetes.io/created-by' },
];

export function podUser(metadata: Loose): { readonly user: string; readonly userSource: string } {
  const marks = { label: textsOf(metadata.labels), annotation: textsOf(metadata.annotations) };
  for (const { in: place, key } of USER_MARKS) {
    const user = marks[place].get(key) ?? '';
    if (user !== '') return { user, userSource: `${place} ${key}` };
  }
  return { user: '', userSource: '' };
}
