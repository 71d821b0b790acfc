import { Parsers } from '../../lib/exposition/parser/index.js';
import { Node } from '../../lib/model/node.js';

/** A node that has answered with this text, at time 0. */
export function nodeOf(text: string, nodeId = 'n1:9090'): Node {
  const parser = new Parsers().newParser();
  parser.push(Buffer.from(text));
  parser.commit(0, 0);
  const node = new Node({ nodeId }, parser.data);
  node.commit({ at: 0 });
  return node;
}
