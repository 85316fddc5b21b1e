using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Flows;

/// <summary>Drops in words, for the log.</summary>
internal static class DropText
{
    /// <summary>
    /// "from 192.0.2.1:40000 to 10.0.0.5:80/TCP of default/web: every SNAT port towards a backend is taken (1,234 packets in 30 s): widen
    /// ..."
    /// </summary>
    /// <param name="service">null when it has none, or its name is not known.</param>
    public static string Sentence(DropSummary summary, string? service)
    {
        var drop = summary.Example;
        var text = ReasonCatalog.Of(summary.Reason);
        var of = service is not null ? $" of {service}" : drop.ServiceId > 0 ? $" of service #{drop.ServiceId}" : "";
        var many = summary.Over is { } over
            ? string.Create(CultureInfo.InvariantCulture, $" ({summary.Count:N0} packets in {over.TotalSeconds:0} s)")
            : "";
        return $"from {drop.Source} to {drop.Destination}/{Protocol(drop.Protocol)}{of}: "
            + $"{text.Meaning}{many}{(text.Advice is null ? "" : $": {text.Advice}")}";
    }

    /// <summary>"TCP", or the number of one that services do not have.</summary>
    public static string Protocol(byte protocol)
        => Enum.IsDefined((TransportProtocol)protocol) ? ((TransportProtocol)protocol).ToText()
            : protocol.ToString(CultureInfo.InvariantCulture);
}
