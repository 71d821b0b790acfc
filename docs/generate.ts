/** npm run docs: writes the generated pages. */
import { writeFileSync } from 'node:fs';
import { PAGES } from './pages.js';

for (const [name, text] of Object.entries(PAGES)) writeFileSync(new URL(`./${name}`, import.meta.url), text());
