// Boxes over a picture, drawn by the browser so that they stay sharp at any size.
interface BoxesProps {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly {
    readonly key: number;
    /** x₁, y₁, x₂, y₂ */
    readonly box: ArrayLike<number>;
    readonly colour: string;
    readonly text?: string;
  }[];
}

export function Boxes({ width, height, boxes }: BoxesProps) {
  const size = Math.max(width, height) / 26;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {boxes.map(({ key, box, colour, text }) => {
        const [x1, y1, x2, y2] = Array.from(box) as [number, number, number, number];
        // Above the box, or inside it where there is no room.
        const y = y1 > size * 1.2 ? y1 - size * 0.3 : y1 + size;
        return (
          <g key={key}>
            <rect x={x1} y={y1} width={x2 - x1} height={y2 - y1} stroke={colour} />
            {text && (
              <text x={Math.min(x1 + 1, width - size * 5)} y={y} font-size={size}>
                {text}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
