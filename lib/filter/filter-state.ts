/** The filter state of the program: the text being typed, the active filter, the history, and the pinned user. No clock, no IO. */
import type { NodeView } from '../model/node-view.js';
import { EDITS, insert, typed, type Edit, type EditedText } from './line-editor.js';
import { compile } from './evaluate.js';
import { FilteredNodes } from './filtered-nodes.js';
import { FilterError } from './lexer.js';
import { FilteredNode } from './filtered-node.js';
import { parse, reparse, type Query } from './parser.js';
import { print } from './print.js';

/** `hide`: rows that do not match are hidden. `dim`: lists show them dim; figures cover the matching rows in both modes. */
export type FilterMode = 'hide' | 'dim';

export type FilterCommand =
  'open' | 'commit' | 'abort' | 'clear' | 'mode' | 'recall' | { readonly edit: Edit } | { readonly insert: string };

/** Length of the history for Ctrl-R. */
const HISTORY = 20;

export class FilterState {
  mode: FilterMode = 'hide';
  /** The text being typed; undefined: none. */
  edited: EditedText | undefined;
  /** Why the text being typed is invalid. */
  problem: FilterError | undefined;
  #committed = '';
  #user: string | undefined;
  /** Newest first. */
  #history: readonly string[] = [];
  /** Position of Ctrl-R in the history; -1: not in use. */
  #recalled = -1;
  /** The last valid text while one is being typed. */
  #preview = '';
  /** Enter was pressed before the regular expression engine was loaded. */
  #late = false;
  #nodes: FilteredNodes | undefined;
  /** The last results, even when there is no filter now. */
  #last: FilteredNodes | undefined;
  #made = 0;

  /** The active filter outside editing; '' for none. */
  get committed(): string {
    return this.#committed;
  }

  /** Only this user; '' means processes without a known user. */
  get user(): string | undefined {
    return this.#user;
  }

  /** The nodes to show; undefined: unfiltered. */
  get nodes(): FilteredNodes | undefined {
    return this.#nodes;
  }

  /** Sets the filter. Throws FilterError, and then keeps the previous filter. */
  set(text: string): void {
    this.#set(parse(text));
  }

  #set(query: Query | undefined): void {
    const shown = query ? print(query) : '';
    const nodes = this.#compiled(query);
    this.#committed = shown;
    this.#nodes = nodes;
    if (shown !== '') this.#history = [shown, ...this.#history.filter((one) => one !== shown)].slice(0, HISTORY);
  }

  pin(user: string | undefined): void {
    this.#user = user;
    this.#look();
  }

  /** Executes a command from a key. */
  command(command: FilterCommand): void {
    this.#late = false;
    if (command === 'open') this.#open();
    else if (command === 'commit') this.#commit();
    else if (command === 'abort') this.#close();
    else if (command === 'clear') this.set('');
    else if (command === 'mode') this.mode = this.mode === 'hide' ? 'dim' : 'hide';
    else if (this.edited) this.#type(this.edited, command);
  }

  /** The regular expression engine has been loaded. */
  refresh(): void {
    this.#look();
    if (this.#late) this.#commit();
  }

  /** User ids were renumbered: all nodes are evaluated again. */
  forget(): void {
    this.#nodes = this.#last = undefined;
    this.#look();
  }

  #open(): void {
    this.edited = typed(this.#committed);
    // The active filter is the newest: the one before it comes first.
    this.#recalled = this.#history[0] === this.#committed ? 0 : -1;
    this.#preview = this.#committed;
    this.#look();
  }

  #close(): void {
    this.edited = undefined;
    this.problem = undefined;
    this.#look();
  }

  /** An invalid text stays in the editor. */
  #commit(): void {
    this.#late = this.problem !== undefined;
    if (!this.edited || this.problem) return;
    this.#set(reparse(this.edited.text));
    this.#close();
  }

  #type(edited: EditedText, command: Exclude<FilterCommand, 'open' | 'commit' | 'abort' | 'clear' | 'mode'>): void {
    if (command === 'recall') {
      if (this.#history.length === 0) return;
      this.#recalled = (this.#recalled + 1) % this.#history.length;
      this.edited = typed(this.#history[this.#recalled]!);
    } else {
      this.edited = 'insert' in command ? insert(edited, command.insert) : EDITS[command.edit](edited);
    }
    this.#look();
  }

  #look(): void {
    this.problem = undefined;
    if (!this.edited) {
      this.#nodes = this.#compiled(reparse(this.#committed));
      return;
    }
    try {
      this.#nodes = this.#compiled(reparse(this.edited.text));
      this.#preview = this.edited.text;
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.problem = error;
      this.#nodes = this.#compiled(reparse(this.#preview));
    }
  }

  /** Nodes evaluated with the same query are kept. */
  #compiled(query: Query | undefined): FilteredNodes | undefined {
    const pinned: Query | undefined =
      this.#user === undefined ? undefined : { kind: 'compare', field: 'user', operator: '==', value: this.#user, column: 0 };
    const all = pinned && query ? ({ kind: 'and', of: [pinned, query] } as const) : (pinned ?? query);
    if (!all) return undefined;
    const key = print(all);
    if (this.#nodes?.filter.key === key) return this.#nodes;
    return (this.#last = new FilteredNodes(compile(all, key), this.#last, ++this.#made));
  }
}

/** Whether a row of a node matches a filter; both are those of the node itself, not of its filtered view. */
export interface Matcher {
  /** The node itself, given its filtered view. */
  whole(node: NodeView): NodeView;
  /** Whether anything on the node matches; of a node with neither GPUs nor processes, the node itself. */
  node(node: NodeView): boolean;
  gpu(node: NodeView, slot: number): boolean;
  proc(node: NodeView, row: number): boolean;
}
export const matcherOf = (nodes: FilteredNodes): Matcher => ({
  whole: (node) => (node instanceof FilteredNode ? node.whole : node),
  node: (node) => (node instanceof FilteredNode ? node : nodes.filtered(node)).kept().any,
  gpu: (node, slot) => nodes.filtered(node).kept().gpus[slot] === 1,
  proc: (node, row) => nodes.filtered(node).kept().procs[row] === 1,
});
