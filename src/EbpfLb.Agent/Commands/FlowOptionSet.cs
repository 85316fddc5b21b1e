using System.CommandLine;
using System.Globalization;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Agent.Commands;

/// <summary>Options of `ebpflb run` about flows; the names are kube-proxy's where it has them.</summary>
internal sealed class FlowOptionSet
{
    private static readonly FlowLifetimes Defaults = new();

    private readonly Option<TimeSpan> established = Lifetime("--conntrack-tcp-timeout-established",
        "How long an open TCP connection lives without a packet, such as 2h", Defaults.Established);

    private readonly Option<TimeSpan> closeWait = Lifetime("--conntrack-tcp-timeout-close-wait",
        "How long a TCP connection lives that one side has closed", Defaults.Closing);

    private readonly Option<TimeSpan> udp = Lifetime("--conntrack-udp-timeout", "How long a UDP flow lives that had no answer", Defaults.Udp);

    private readonly Option<TimeSpan> udpStream = Lifetime("--conntrack-udp-timeout-stream", "How long a UDP flow lives that had an answer", Defaults.UdpStream);

    private readonly Option<double> share = CheckedOption.Create("--conntrack-sweep-cpu", "PERCENT",
        "Most of one core that expiring flows may take (default: 5)", ParsePercent);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { established, closeWait, udp, udpStream, share }) command.Options.Add(option);
    }

    public FlowOptions Read(ParseResult result) => new(
        Defaults with
        {
            Established = Value(result, established, Defaults.Established),
            Closing = Value(result, closeWait, Defaults.Closing),
            Udp = Value(result, udp, Defaults.Udp),
            UdpStream = Value(result, udpStream, Defaults.UdpStream),
        },
        result.GetResult(share) is null ? FlowOptions.Default.SweepShare : result.GetValue(share));

    /// <summary>0 is the default, as for kube-proxy.</summary>
    private static TimeSpan Value(ParseResult result, Option<TimeSpan> option, TimeSpan byDefault)
        => result.GetValue(option) is { Ticks: > 0 } given ? given : byDefault;

    private static Option<TimeSpan> Lifetime(string name, string description, TimeSpan byDefault)
        => CheckedOption.Create(name, "TIME", $"{description} (default, also for 0: {Text(byDefault)})", DurationText.Parse);

    private static string Text(TimeSpan time) => time.TotalHours >= 1 ? $"{time.TotalHours}h" : $"{time.TotalSeconds}s";

    private static double ParsePercent(string text)
        => double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100
            ? percent / 100
            : throw new FormatException($"'{text}' is not a share of a core; give a percentage above 0 up to 100");
}
