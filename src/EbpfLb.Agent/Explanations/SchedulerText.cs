using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explanations;

/// <summary>Which scheduler a service port has, and what that means for the backends of a list.</summary>
internal static class SchedulerText
{
    private const int MostNamed = 8;

    /// <summary>
    /// "wrr, in turn by weight: 10.1.0.1:80 75.0 %, 10.1.0.2:80 25.0 %" where each has a fixed share of new connections. Where open
    /// connections decide, the weights in place of shares; lc and dh do not ask for weights, as those of IPVS do not.
    /// </summary>
    public static string Of(CompiledPort port, BackendLists list)
    {
        CompiledBackend[] backends = [.. port.Backends.Where(b => b.Lists.HasFlag(list))];
        var begin = $"{port.Scheduler.ToText()}, {Rule(port)}: ";
        return begin + port.Scheduler switch
        {
            Scheduler.RoundRobin => Shares(backends, b => 1.0 / backends.Length),
            Scheduler.Random or Scheduler.WeightedRoundRobin or Scheduler.SourceHash or Scheduler.Maglev
                => Shares(backends, b => b.Weight / backends.Sum(other => (double)other.Weight)),
            Scheduler.LeastConnection or Scheduler.DestinationHash => Named(backends, b => b.Address.ToString()),
            _ => Named(backends, b => $"{b.Address} weight {b.Weight}"),
        };
    }

    private static string Rule(CompiledPort port) => port.Scheduler switch
    {
        Scheduler.Random => "in proportion to the weights",
        Scheduler.RoundRobin => "in turn",
        Scheduler.WeightedRoundRobin => "in turn by weight",
        Scheduler.LeastConnection => "fewest open connections of this node",
        Scheduler.WeightedLeastConnection => "fewest open connections of this node for its weight",
        Scheduler.ShortestExpectedDelay => "fewest open connections of this node, with the new one, for its weight",
        Scheduler.NeverQueue => "one without open connections of this node, else as sed",
        Scheduler.SourceHash => "by a hash of the client's address",
        Scheduler.DestinationHash => "by a hash of the address that is asked",
        _ => $"by a hash of the connection, in a table of {port.MaglevTableSize} entries",
    };

    private static string Shares(CompiledBackend[] backends, Func<CompiledBackend, double> share)
        => Named(backends, b => $"{b.Address} {share(b) * 100:0.0} %");

    private static string Named(CompiledBackend[] backends, Func<CompiledBackend, string> text)
    {
        var named = string.Join(", ", backends.Take(MostNamed).Select(text));
        return backends.Length <= MostNamed ? named : $"{named} and {backends.Length - MostNamed} more";
    }
}
