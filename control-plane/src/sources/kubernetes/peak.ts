/** The highest version that was seen of a collection, and whether the newest is below it. */
export type Peak = {
  readonly highest: string | undefined;
  readonly rewound: { readonly from: number; readonly to: number } | undefined;
};

export const noPeak: Peak = { highest: undefined, rewound: undefined };

/**
 * Versions are numbers that grow (documented since Kubernetes 1.35, and true of etcd's revisions before): a lower one means that
 * the cluster's data was restored or lost, until it comes up to where it was. Others are not compared.
 */
export function afterVersion({ highest }: Peak, version: string): Peak {
  if (!isNumber(version)) return noPeak;
  if (highest === undefined || BigInt(version) >= BigInt(highest)) return { highest: version, rewound: undefined };
  return { highest, rewound: { from: Number(highest), to: Number(version) } };
}

function isNumber(version: string): boolean {
  return /^\d{1,30}$/.test(version);
}
