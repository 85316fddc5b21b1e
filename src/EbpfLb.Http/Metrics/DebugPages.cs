namespace EbpfLb.Http.Metrics;

/// <summary>What the metrics server tells about the process itself (docs/contract.md 14).</summary>
/// <param name="Configuration">The effective configuration as one JSON object.</param>
/// <param name="Flags">What the agent was started with, one "name=value" a line.</param>
/// <param name="Status">Version, times and places, one "Name: value" a line.</param>
/// <param name="SetVerbosity">null: profiling is off, and there is no switch. Returns why a value is refused, null when it is
/// taken.</param>
public sealed record DebugPages(Func<string> Configuration, Func<string> Flags, Func<string> Status, Func<string, string?>? SetVerbosity);
