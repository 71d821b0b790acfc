/** Automatic faults: small changes of a source that its tests should detect. */
import ts from 'typescript';

export interface Mutant {
  /** 1-based. */
  readonly line: number;
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

const FLIPPED: Readonly<Partial<Record<ts.SyntaxKind, readonly [operator: string, to: string]>>> = {
  [ts.SyntaxKind.LessThanToken]: ['flip comparison', '<='],
  [ts.SyntaxKind.LessThanEqualsToken]: ['flip comparison', '<'],
  [ts.SyntaxKind.GreaterThanToken]: ['flip comparison', '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken]: ['flip comparison', '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: ['flip comparison', '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: ['flip comparison', '==='],
  [ts.SyntaxKind.PlusToken]: ['swap + and -', '-'],
  [ts.SyntaxKind.MinusToken]: ['swap + and -', '+'],
  [ts.SyntaxKind.AsteriskToken]: ['swap * and /', '/'],
  [ts.SyntaxKind.SlashToken]: ['swap * and /', '*'],
  [ts.SyntaxKind.AmpersandAmpersandToken]: ['swap && and ||', '||'],
  [ts.SyntaxKind.BarBarToken]: ['swap && and ||', '&&'],
};

interface Change {
  readonly node: ts.Node;
  readonly operator: string;
  readonly to: string;
}

/** All mutants of a source, in order. */
export function mutantsOf(path: string, text: string): readonly Mutant[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const found: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    for (const { node: changed, operator, to } of changesOf(node)) {
      const [start, end] = [changed.getStart(source), changed.getEnd()];
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      found.push({ line, operator, start, end, from: text.slice(start, end), to });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

function changesOf(node: ts.Node): readonly Change[] {
  if (ts.isBinaryExpression(node)) {
    const flipped = FLIPPED[node.operatorToken.kind];
    return flipped && !joinsTexts(node) ? [{ node: node.operatorToken, operator: flipped[0], to: flipped[1] }] : [];
  }
  if (ts.isIfStatement(node) || ts.isWhileStatement(node)) return [negated(node.expression)];
  if (ts.isConditionalExpression(node)) return [negated(node.condition)];
  if (ts.isExpressionStatement(node)) return [{ node, operator: 'drop statement', to: ';' }];
  if (ts.isNumericLiteral(node)) return [{ node, operator: 'constant + 1', to: `(${node.getText()} + 1)` }];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ node, operator: 'flip constant', to: 'false' }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ node, operator: 'flip constant', to: 'true' }];
  if (ts.isStringLiteral(node) && node.text !== '' && isValue(node)) return [{ node, operator: 'empty string', to: "''" }];
  if (ts.isBlock(node) && ts.isFunctionLike(node.parent) && node.statements.length > 1)
    return [{ node: node.statements[0]!, operator: 'return early', to: `return; ${node.statements[0]!.getText()}` }];
  return [];
}

const negated = (node: ts.Expression): Change => ({ node, operator: 'negate condition', to: `!(${node.getText()})` });

const joinsTexts = ({ left, right, operatorToken }: ts.BinaryExpression): boolean =>
  operatorToken.kind === ts.SyntaxKind.PlusToken &&
  [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));

/** Not a property name or a module name. */
const isValue = (node: ts.StringLiteral): boolean =>
  !((ts.isPropertyAssignment(node.parent) || ts.isPropertySignature(node.parent)) && node.parent.name === node) &&
  !(ts.isCallExpression(node.parent) && node.parent.expression.kind === ts.SyntaxKind.ImportKeyword);
