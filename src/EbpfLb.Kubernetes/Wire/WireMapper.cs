using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// Turns wire objects into the model, leniently (docs/contract.md 1 and 3): what cannot be used is dropped with a
/// warning that names object, field and value, and the rest of the object is kept. Equal port lists and hints are
/// shared. Safe for several threads when <paramref name="warn"/> is.
/// </summary>
internal sealed partial class WireMapper(Action<WireWarning> warn)
{
    private readonly SharedValues<ValueList<EndpointPort>> portLists = new();
    private readonly SharedValues<EndpointHints> hints = new();

    /// <summary>Name of an object; empty parts where metadata has none.</summary>
    public static ObjectName NameOf(IWireObject wire) => new(wire.Metadata?.Namespace ?? "", wire.Metadata?.Name ?? "");

    private static ServiceLabels LabelsOf(WireMetadata? metadata)
        => (metadata?.Labels?.ServiceProxyName is null ? ServiceLabels.None : ServiceLabels.ProxyName)
            | (metadata?.Labels?.Headless is null ? ServiceLabels.None : ServiceLabels.Headless);

    private void Warn(string kind, ObjectName name, string field, object? value, string reason)
        => warn(new WireWarning(
            kind, name, field, ForeignText.Quoted(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""), reason));

    /// <summary>Reads protocol; unset is TCP (API default). null when it is none that a proxy knows.</summary>
    private static TransportProtocol? ProtocolOf(string? text) => text switch
    {
        null or "" or "TCP" => TransportProtocol.Tcp,
        "UDP" => TransportProtocol.Udp,
        "SCTP" => TransportProtocol.Sctp,
        _ => null,
    };
}

/// <summary>Something in an object that is left out, while the rest of the object is used.</summary>
/// <param name="Kind">"Service", "EndpointSlice", ...</param>
/// <param name="Field">Path inside the object: "spec.clusterIPs[1]".</param>
/// <param name="Value">What stands there, as <see cref="ForeignText.Quoted"/> has it.</param>
/// <param name="Reason">What is wrong with it, what happens, what to do.</param>
internal readonly record struct WireWarning(string Kind, ObjectName Object, string Field, string Value, string Reason)
{
    public override string ToString() => $"{Kind} {Object}: {Field} is \"{Value}\": {Reason}";
}
