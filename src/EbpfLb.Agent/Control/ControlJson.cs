using System.Text.Json.Serialization;
using EbpfLb.Agent.Migration;

namespace EbpfLb.Agent.Control;

/// <summary>JSON of the control socket and of `-o json`.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ServicesReport))]
[JsonSerializable(typeof(BackendsReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(FlowQuery))]
[JsonSerializable(typeof(FlowsReport))]
[JsonSerializable(typeof(FlowCountReport))]
[JsonSerializable(typeof(FlushReport))]
[JsonSerializable(typeof(DropsReport))]
[JsonSerializable(typeof(ExplainQuery))]
[JsonSerializable(typeof(ExplainReport))]
[JsonSerializable(typeof(KernelReport))]
[JsonSerializable(typeof(DrainQuery))]
[JsonSerializable(typeof(DrainReport))]
[JsonSerializable(typeof(HistoryQuery))]
[JsonSerializable(typeof(HistoryReport))]
[JsonSerializable(typeof(TraceQuery))]
[JsonSerializable(typeof(TracesReport))]
[JsonSerializable(typeof(MigrationReport))]
internal sealed partial class ControlJson : JsonSerializerContext;
