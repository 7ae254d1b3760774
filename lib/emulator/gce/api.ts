// Compute Engine as the emulated world answers it: methods and fields of compute v1's REST interface, int64 as text,
// so that an HTTP face is a router and nothing else. Fields that no reader of ours needs are left out.

export type Labels = Readonly<Record<string, string>>;
export type Scheduling = {
  /** STANDARD by default. */
  readonly provisioningModel?: 'STANDARD' | 'SPOT';
  /** STOP by default. */
  readonly instanceTerminationAction?: 'STOP' | 'DELETE';
  readonly automaticRestart?: boolean;
  readonly onHostMaintenance?: 'MIGRATE' | 'TERMINATE';
  readonly preemptible?: boolean;
};
export type NetworkInterface = { readonly subnetwork?: string; readonly networkIP?: string };
export type Disk = {
  readonly boot?: boolean;
  readonly autoDelete?: boolean;
  readonly initializeParams?: { readonly sourceImage?: string; readonly diskSizeGb?: string };
};
/** What an instance is made of; a template calls the machine type by its bare name, insert by its URL. */
export type InstanceProperties = {
  readonly machineType?: string;
  readonly labels?: Labels;
  readonly scheduling?: Scheduling;
  readonly networkInterfaces?: readonly NetworkInterface[];
  readonly disks?: readonly Disk[];
  /** `user-data` is read by cloud-init. */
  readonly metadata?: { readonly items?: readonly { readonly key: string; readonly value: string }[] };
};
export type InstanceStatus =
  | 'PROVISIONING'
  | 'STAGING'
  | 'RUNNING'
  | 'STOPPING'
  | 'TERMINATED'
  | 'DEPROVISIONING';
export type Instance = InstanceProperties & {
  readonly id: string;
  readonly name: string;
  /** A URL's path, as is `machineType`. */
  readonly zone: string;
  readonly status: InstanceStatus;
  readonly creationTimestamp: string;
  readonly labelFingerprint: string;
  readonly selfLink: string;
};
export type OperationError = {
  readonly code: string;
  readonly message: string;
  readonly errorDetails?: readonly object[];
};
/** A failed one is DONE and carries `error`, inside a 200 (cloud-apis §6.4). */
export type Operation = {
  readonly id: string;
  readonly name: string;
  readonly operationType: string;
  readonly status: 'RUNNING' | 'DONE';
  readonly zone: string;
  readonly targetLink: string;
  readonly insertTime: string;
  readonly clientOperationId?: string;
  readonly operationGroupId?: string;
  readonly httpErrorStatusCode?: number;
  readonly error?: { readonly errors: readonly OperationError[] };
};
export type InZone = { readonly project: string; readonly zone: string };
export type OfInstance = InZone & { readonly instance: string };
type Effect = { readonly requestId?: string };
export type InsertRequest = InZone &
  Effect & {
    /** `projects/P/global/instanceTemplates/NAME`: the body's fields stand over its properties. */
    readonly sourceInstanceTemplate?: string;
    readonly body: InstanceProperties & { readonly name: string };
  };
export type BulkInsertRequest = InZone &
  Effect & {
    readonly body: {
      readonly count: string;
      /** `count` by default: all or nothing. */
      readonly minCount?: string;
      readonly sourceInstanceTemplate?: string;
      /** Here the machine type is a bare name. */
      readonly instanceProperties?: InstanceProperties;
      readonly perInstanceProperties: Readonly<Record<string, object>>;
    };
  };
export type ListQuery = {
  /** Terms `labels.KEY="VALUE"`, `name="VALUE"` and `operationGroupId="VALUE"`, joined by AND. */
  readonly filter?: string;
  /** 1 to 500. */
  readonly maxResults?: number;
  readonly pageToken?: string;
};
export type Warning = { readonly code: string; readonly message: string };
export type InstanceScope = { readonly instances?: readonly Instance[]; readonly warning?: Warning };
export type AggregatedList = {
  /** By `zones/Z`. */
  readonly items: Readonly<Record<string, InstanceScope>>;
  readonly nextPageToken?: string;
  readonly unreachables?: readonly string[];
};
export type MachineType = {
  readonly name: string;
  readonly guestCpus: number;
  readonly memoryMb: number;
  readonly architecture: 'X86_64' | 'ARM64';
};
export type SetLabelsRequest = OfInstance &
  Effect & {
    /** The whole map; 412 unless the fingerprint is that of the last read. */
    readonly body: { readonly labels: Labels; readonly labelFingerprint: string };
  };

/** Each throws GoogleFailure. */
export type Gce = {
  readonly instances: {
    insert(request: InsertRequest): Operation;
    bulkInsert(request: BulkInsertRequest): Operation;
    delete(request: OfInstance & Effect): Operation;
    get(request: OfInstance): Instance;
    list(request: InZone & ListQuery): {
      readonly items: readonly Instance[];
      readonly nextPageToken?: string;
    };
    aggregatedList(
      request: ListQuery & { readonly project: string; readonly returnPartialSuccess?: boolean },
    ): AggregatedList;
    setLabels(request: SetLabelsRequest): Operation;
    getSerialPortOutput(request: OfInstance & { readonly start?: string }): {
      readonly contents: string;
      readonly start: string;
      readonly next: string;
    };
  };
  readonly instanceTemplates: {
    insert(request: {
      readonly project: string;
      readonly body: { readonly name: string; readonly properties: InstanceProperties };
    }): Operation;
  };
  readonly zoneOperations: {
    get(request: InZone & { readonly operation: string }): Operation;
    list(request: InZone & ListQuery): { readonly items: readonly Operation[] };
  };
  readonly zones: {
    list(request: { readonly project: string }): {
      readonly items: readonly { readonly name: string; readonly region: string }[];
    };
  };
  readonly machineTypes: { list(request: InZone): { readonly items: readonly MachineType[] } };
};

/** An entry of the audit log of system events, as a sink would hand it to Pub/Sub. */
export type AuditEntry = {
  readonly protoPayload: {
    readonly '@type': string;
    readonly serviceName: string;
    readonly methodName: string;
    readonly resourceName: string;
  };
  readonly insertId: string;
  readonly resource: { readonly type: 'gce_instance'; readonly labels: Labels };
  readonly timestamp: string;
  readonly severity: 'INFO';
  readonly logName: string;
};
/** A value of the metadata server that changed: what a watcher inside the machine sees. */
export type MetadataChange = {
  readonly instance: string;
  readonly zone: string;
  readonly key: 'instance/preempted' | 'instance/maintenance-event';
  readonly value: string;
};
