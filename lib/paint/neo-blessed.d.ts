/** The parts of neo-blessed that blessed.ts uses. Modules are imported one by one: its index would pull in every widget. */
declare module 'neo-blessed/lib/widgets/screen.js' {
  /** [attributes, character]; attributes: flags << 18 | foreground << 9 | background. */
  export type BlessedCell = [attributes: number, ch: string];
  export type BlessedRow = BlessedCell[] & { dirty: boolean };

  export interface BlessedProgram {
    cols: number;
    rows: number;
    scrollBottom: number;
    cursorHidden: boolean;
    flush(): void;
  }

  interface ScreenOptions {
    readonly input: unknown;
    readonly output: unknown;
    readonly terminal: string;
    readonly forceUnicode: boolean;
  }

  export default class Screen {
    constructor(options: ScreenOptions);
    static _exceptionHandler?: (...args: unknown[]) => void;
    static _sigtermHandler?: (...args: unknown[]) => void;
    static _sigintHandler?: (...args: unknown[]) => void;
    static _sigquitHandler?: (...args: unknown[]) => void;
    static _exitHandler?: (...args: unknown[]) => void;
    readonly program: BlessedProgram;
    readonly tput: { brokenACS: boolean };
    /** What is to be shown, and what the terminal shows. */
    readonly lines: BlessedRow[];
    readonly olines: BlessedRow[];
    alloc(): void;
    append(widget: object): void;
    remove(widget: object): void;
    render(): void;
    destroy(): void;
  }
}

declare module 'neo-blessed/lib/widgets/box.js' {
  export default class Box {
    constructor(options: {
      readonly parent: object;
      readonly screen: object;
      readonly top: number;
      readonly left: number;
      readonly width: string;
      readonly height: string;
    });
    lpos: unknown;
    render(): unknown;
    _getCoords(): unknown;
  }
}

declare module 'neo-blessed/lib/program.js' {
  const Program: { _exitHandler?: (...args: unknown[]) => void };
  export default Program;
}

declare module 'neo-blessed/lib/tput.js' {
  export interface Terminfo {
    readonly name: string;
    readonly names: readonly string[];
    readonly desc: string;
    readonly bools: Record<string, boolean>;
    readonly numbers: Record<string, number>;
    readonly strings: Record<string, string>;
  }

  export default class Tput {
    readTerminfo(term?: string): Terminfo;
  }
}

/** One widget of blessed-contrib is used; it finds blessed by itself, and is given its screen. */
declare module 'blessed-contrib/lib/widget/charts/line.js' {
  export interface LineSeries {
    readonly title: string;
    readonly x: readonly string[];
    readonly y: readonly number[];
    readonly style: { readonly line: number };
  }

  export default class Line {
    constructor(options: {
      readonly screen: object;
      readonly left: number;
      readonly top: number;
      readonly width: number;
      readonly height: number;
      readonly minY: number;
      readonly maxY: number;
      readonly numYLabels: number;
      readonly style: { readonly line: number; readonly text: number; readonly baseline: number };
    });
    setData(series: readonly LineSeries[]): void;
    render(): unknown;
  }
}
