/** The help of the filter language, derived from the table of fields. */
import { UNITS } from '../text/units.js';
import { FIELDS, isNumber, type Field } from './fields.js';

export interface FilterHelp {
  readonly title: string;
  readonly below: true;
  readonly rows: readonly { readonly keys: string; readonly label: string }[];
}

const about = (field: Field): string => {
  if (isNumber(field)) return `${field.about}: ${UNITS[field.unit].wanted}`;
  return field.values ? `${field.about}: ${field.values.join(', ')}` : field.about;
};

/** The syntax of filters, then the fields. */
export const FILTER_HELP: readonly FilterHelp[] = [
  {
    title: 'Filters (/)',
    below: true,
    rows: [
      { keys: 'state == held', label: 'GPUs that are held idle' },
      { keys: 'user == alice & mem_used > 40GiB', label: 'GPUs of alice with more than 40 GiB in use' },
      { keys: 'command ~= "(?i)vllm"', label: 'a regular expression, ignoring case' },
      { keys: '== != > >= < <= ~=', label: 'comparisons; ~= matches a regular expression' },
      { keys: '& | not ( )', label: 'and, or, not; & binds tighter than |' },
    ],
  },
  {
    title: 'Fields of a filter',
    below: true,
    rows: [
      ...FIELDS.map((field) => ({ keys: [field.name, ...field.also].join(', '), label: about(field) })),
      { keys: 'group.NAME', label: 'label NAME of the host file: group.rack == r7' },
    ],
  },
];
