using EbpfLb.Model;

namespace EbpfLb.Testing.Schedulers;

/// <summary>
/// Which backends the documentation of IPVS allows for the next connection (ipvsadm(8), and the comments of
/// net/netfilter/ipvs/ip_vs_*.c), told from connections that begin and end. Backends are numbers, ordered by address.
/// </summary>
public sealed class SchedulerModel(Scheduler scheduler, IReadOnlyList<int> weights)
{
    private readonly int[] active = new int[weights.Count];
    private IReadOnlyList<int> weights = weights;
    private readonly Dictionary<string, int> placed = [];
    private int turn = -1;
    private int level;

    public IReadOnlyList<int> Active => active;

    /// <summary>The backends that may get it.</summary>
    /// <param name="source">Who asks, for sh; which connection it is, for maglev.</param>
    /// <param name="destination">What is asked, for dh.</param>
    public IReadOnlyList<int> Next(string source, string destination)
    {
        int[] usable = [.. Enumerable.Range(0, weights.Count).Where(i => weights[i] > 0)];
        return scheduler switch
        {
            Scheduler.RoundRobin => [NextInTurn(usable)],
            Scheduler.WeightedRoundRobin => [NextByWeight()],
            Scheduler.LeastConnection => Least(usable, i => active[i], _ => 1),
            Scheduler.WeightedLeastConnection => Least(usable, i => active[i], i => weights[i]),
            Scheduler.ShortestExpectedDelay => Least(usable, i => active[i] + 1, i => weights[i]),
            Scheduler.NeverQueue when usable.Any(i => active[i] == 0) => [.. usable.Where(i => active[i] == 0)],
            Scheduler.NeverQueue => Least(usable, i => active[i] + 1, i => weights[i]),
            Scheduler.SourceHash or Scheduler.Maglev when placed.TryGetValue(source, out var same) => [same],
            Scheduler.DestinationHash when placed.TryGetValue(destination, out var same) => [same],
            _ => usable,
        };
    }

    /// <summary>The connection went there.</summary>
    public void Begin(int backend, string source, string destination)
    {
        active[backend]++;
        placed[scheduler == Scheduler.DestinationHash ? destination : source] = backend;
    }

    public void End(int backend) => active[backend]--;

    /// <summary>Other weights; 0 is also a backend that is gone, whose connections must have ended should it come back.</summary>
    public void Change(IReadOnlyList<int> to) => weights = to;

    private int NextInTurn(int[] usable) => usable[++turn % usable.Length];

    /// <summary>As the wiki of the Linux Virtual Server has it: a level goes down by the common divisor with each round.</summary>
    private int NextByWeight()
    {
        var divisor = weights.Aggregate(Gcd);
        while (true)
        {
            turn = (turn + 1) % weights.Count;
            if (turn == 0)
            {
                level -= divisor;
                if (level <= 0) level = weights.Max();
            }
            if (weights[turn] > 0 && weights[turn] >= level) return turn;
        }
    }

    private static int[] Least(int[] usable, Func<int, int> load, Func<int, int> weight)
        => [.. usable.Where(i => usable.All(j => (long)load(i) * weight(j) <= (long)load(j) * weight(i)))];

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
