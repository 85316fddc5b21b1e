using System.Threading.Channels;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes;

/// <summary>
/// Joins what the reflectors find into snapshots for one reader. Changes between two reads become one snapshot, and
/// there is none before each reflector has delivered its first list (docs/contract.md 13, startup 6).
/// </summary>
internal sealed class ClusterFeed
{
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly ClusterStateBuilder state = new();
    private readonly Channel<bool> changed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Of those that every snapshot needs.</summary>
    private readonly ReflectorHealth[] healths = [new(), new(), new()];

    /// <summary>All sinks exist before any reflector runs: a fast first list must not pass for the whole picture.</summary>
    /// <param name="nodeName">The own node, whose absence is logged.</param>
    public ClusterFeed(string nodeName, TimeProvider time, ILogger logger)
    {
        this.time = time;
        Services = new CollectionSink<Service>(
            this, healths[0], s => s.Name, state.Set, state.RemoveService, () => [.. state.ServiceNames], state.FindService,
            (item, kept) => item.After(kept));
        Slices = new CollectionSink<EndpointSlice>(
            this, healths[1], s => s.Name, state.Set, state.RemoveSlice, () => [.. state.SliceNames], state.FindSlice,
            (item, kept) => item.After(kept));
        var own = new ObjectName("", nodeName);
        Nodes = new CollectionSink<Node>(
            this,
            healths[2],
            n => new ObjectName("", n.Name),
            n => state.SetAny(n) | (n.Name == nodeName && state.Set(n)),
            name => state.RemoveAny(name.Name) | (name == own && state.Set((Node?)null)),
            () => [.. state.AnyNames.Select(name => new ObjectName("", name))],
            name => state.FindAny(name.Name))
        {
            Required = (own, () => Log.NodeMissing(logger, nodeName)),
        };
        ServiceCidrs = new CollectionSink<ServiceCidr>(
            this,
            new ReflectorHealth(),
            c => new ObjectName("", c.Name),
            state.Set,
            name => state.RemoveServiceCidr(name.Name),
            () => [.. state.ServiceCidrNames.Select(name => new ObjectName("", name))],
            name => state.FindServiceCidr(name.Name));
    }

    public IComparedSink<Service> Services { get; }

    public IComparedSink<EndpointSlice> Slices { get; }

    /// <summary>The own node, alone or among all; a list without it is taken as known to be missing.</summary>
    public IComparedSink<Node> Nodes { get; }

    /// <summary>These are optional, and their failures are not reported: servers before 1.33 have none.</summary>
    public IReflectorSink<ServiceCidr> ServiceCidrs { get; }

    /// <summary>Waits for a change after the last call and takes the state as it then is.</summary>
    public async Task<ClusterSnapshot> NextAsync(CancellationToken cancellationToken)
    {
        await changed.Reader.ReadAsync(cancellationToken);
        lock (gate) return state.Build();
    }

    public SourceStatus StatusOf(string description)
    {
        lock (gate)
        {
            var worst = healths.Where(h => h.Problem is not null).MinBy(h => h.Since);
            var oldest = Array.TrueForAll(healths, h => h.Contact is not null) ? healths.MinBy(h => h.ContactStamp) : null;
            return new SourceStatus(
                description, IsSynced, oldest?.Contact, worst is null ? null : $"{worst.Problem} (since {worst.Since:u})")
            {
                ContactAge = oldest is null ? null : time.GetElapsedTime(oldest.ContactStamp),
            };
        }
    }

    public bool IsSynced => Array.TrueForAll(healths, h => h.IsListed);

    private void Change(ReflectorHealth health, Func<bool> apply, bool isList)
    {
        lock (gate)
        {
            var first = isList && !health.IsListed && healths.Contains(health);
            health.IsListed |= isList;
            var any = apply();
            // The first list counts as a change also when it is empty: it may be the one that completes the picture.
            if ((any || first) && IsSynced) changed.Writer.TryWrite(true);
        }
    }

    private sealed class ReflectorHealth
    {
        public bool IsListed { get; set; }

        /// <summary>For people.</summary>
        public DateTimeOffset? Contact { get; set; }

        /// <summary>The same, for ages: clocks are set.</summary>
        public long ContactStamp { get; set; }

        public string? Problem { get; set; }

        public DateTimeOffset Since { get; set; }
    }

    private sealed class CollectionSink<T>(
        ClusterFeed feed,
        ReflectorHealth health,
        Func<T, ObjectName> nameOf,
        Func<T, bool> set,
        Func<ObjectName, bool> remove,
        Func<IReadOnlyList<ObjectName>> known,
        Func<ObjectName, T?> find,
        Func<T, T?, T>? merge = null) : IComparedSink<T>
        where T : class
    {
        /// <summary>An object, with what was refused in it as it is kept.</summary>
        private readonly Func<T, T?, T> after = merge ?? ((item, _) => item);

        public ReflectorHealth Health => health;

        /// <summary>Who should be in each list, and what is done when it is not.</summary>
        public (ObjectName Name, Action OnMissing)? Required { get; init; }

        public void Replace(IReadOnlyList<T> items)
        {
            if (Required is { } required && !items.Any(i => nameOf(i) == required.Name)) required.OnMissing();
            feed.Change(health, () => Swap(items), isList: true);
        }

        public void Apply(WatchEvent<T> change) => feed.Change(
            health,
            () => change is { Type: WatchEventType.Set, Object: { } item } ? set(item) : remove(change.Name),
            isList: false);

        public void Contact()
        {
            lock (feed.gate)
            {
                health.Contact = feed.time.GetUtcNow();
                health.ContactStamp = feed.time.GetTimestamp();
                health.Problem = null;
            }
        }

        public void Failed(ApiException problem)
        {
            lock (feed.gate)
            {
                if (health.Problem is null) health.Since = feed.time.GetUtcNow();
                health.Problem = problem.Message;
            }
        }

        public IReadOnlyDictionary<ObjectName, (T? Kept, T? Listed)> Compare(IReadOnlyList<T> items)
        {
            lock (feed.gate)
            {
                var differing = new Dictionary<ObjectName, (T? Kept, T? Listed)>();
                var gone = known().ToHashSet();
                foreach (var item in items)
                {
                    var name = nameOf(item);
                    gone.Remove(name);
                    var kept = find(name);
                    if (!after(item, kept).Equals(kept)) differing[name] = (kept, item);
                }
                foreach (var name in gone)
                    if (find(name) is { } kept) differing[name] = (kept, null);
                return differing;
            }
        }

        private bool Swap(IReadOnlyList<T> items)
        {
            var gone = known().ToHashSet();
            var any = false;
            foreach (var item in items)
            {
                gone.Remove(nameOf(item));
                any |= set(item);
            }
            foreach (var name in gone) any |= remove(name);
            return any;
        }
    }
}
