using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Collection = System.Collections.Immutable.ImmutableSortedDictionary<string, EbpfLb.Testing.ApiServer.FakeObject>;

namespace EbpfLb.Testing.ApiServer;

/// <summary>The objects of the fake server with their history, as etcd and the watch cache hold them.</summary>
internal sealed class FakeStore
{
    /// <summary>A real server's first objects do not start at 1 either.</summary>
    private const ulong FirstVersion = 100;

    private static readonly Collection None = Collection.Empty.WithComparers(StringComparer.Ordinal);

    private readonly Lock gate = new();
    private readonly Dictionary<FakeResource, Collection> collections = FakeResource.All.ToDictionary(r => r, _ => None);
    private readonly Dictionary<(FakeResource, ulong), Collection> snapshots = [];
    private readonly List<FakeChange> history = [];
    private readonly List<Channel<FakeChange>> watchers = [];
    private ulong version = FirstVersion;
    private ulong compacted = FirstVersion;

    public ulong Version
    {
        get
        {
            lock (gate) return version;
        }
    }

    /// <summary>Adds or replaces an object given as JSON with kind.</summary>
    public void Put(JsonObject json)
    {
        var resource = ResourceOf((string?)json["kind"]);
        var metadata = json["metadata"]!.AsObject();
        lock (gate)
        {
            var next = version + 1;
            var body = (JsonObject)json.DeepClone();
            body.Remove("kind");
            body.Remove("apiVersion");
            var stored = body["metadata"]!.AsObject();
            stored["uid"] ??= $"00000000-0000-0000-0000-{next:x12}";
            stored["resourceVersion"] = $"{next}";
            stored["creationTimestamp"] ??= "2025-01-01T00:00:00Z";
            PutBody(resource, KeyOf((string?)metadata["namespace"], (string)metadata["name"]!),
                _ => Encoding.UTF8.GetBytes(body.ToJsonString()));
        }
    }

    /// <summary>Adds or replaces an object whose JSON, without kind, is made for its new resourceVersion.</summary>
    public void PutBody(FakeResource resource, string key, Func<ulong, byte[]> body)
    {
        lock (gate)
        {
            version++;
            var before = collections[resource].GetValueOrDefault(key);
            var after = new FakeObject(resource, key, version, body(version));
            collections[resource] = collections[resource].SetItem(key, after);
            Publish(new FakeChange(version, resource, before, after, null));
        }
    }

    /// <summary>Adds many objects at once, before anybody watches: no history is kept of them.</summary>
    public void Load(FakeResource resource, IEnumerable<(string Key, Func<ulong, byte[]> Body)> objects)
    {
        lock (gate)
        {
            var builder = collections[resource].ToBuilder();
            foreach (var (key, body) in objects)
            {
                version++;
                builder[key] = new FakeObject(resource, key, version, body(version));
            }
            collections[resource] = builder.ToImmutable();
            Forget();
        }
    }

    public void Delete(FakeResource resource, string key)
    {
        lock (gate)
        {
            if (!collections[resource].TryGetValue(key, out var before))
                throw new ArgumentException($"there is no {resource.Kind} {key}", nameof(key));
            version++;
            collections[resource] = collections[resource].Remove(key);
            var last = JsonNode.Parse(before.Body)!.AsObject();
            last["metadata"]!["resourceVersion"] = $"{version}";
            var body = Encoding.UTF8.GetBytes(last.ToJsonString());
            Publish(new FakeChange(version, resource, before, null, new FakeObject(resource, key, version, body)));
        }
    }

    /// <summary>Forgets the history: older resource versions and continue tokens are expired from now on.</summary>
    public void Compact()
    {
        lock (gate) Forget();
    }

    /// <summary>Forgets the history but for the newest changes.</summary>
    public void Compact(int keep)
    {
        lock (gate)
        {
            if (history.Count <= keep) return;
            compacted = history[^(keep + 1)].ResourceVersion;
            history.RemoveRange(0, history.Count - keep);
            foreach (var old in snapshots.Keys.Where(snapshot => snapshot.Item2 < compacted).ToArray()) snapshots.Remove(old);
        }
    }

    /// <summary>Tells watchers of changes of the past as if they were new. The store stays as it is.</summary>
    public void Repeat(Random random, int count)
    {
        lock (gate)
        {
            for (var i = 0; i < count && history.Count > 0; i++)
            {
                var change = history[random.Next(history.Count)];
                foreach (var watcher in watchers) watcher.Writer.TryWrite(change);
            }
        }
    }

    /// <summary>Empties the store without telling anybody, as a server that comes back with another etcd.</summary>
    public void Reset()
    {
        lock (gate)
        {
            foreach (var resource in FakeResource.All) collections[resource] = None;
            version += 1000;
            Forget();
        }
    }

    /// <summary>The newest state; it stays readable at its version until the next compaction.</summary>
    public (Collection Objects, ulong Version) Snapshot(FakeResource resource)
    {
        lock (gate) return (snapshots[(resource, version)] = collections[resource], version);
    }

    /// <summary>The state at a version, null when it is forgotten.</summary>
    public Collection? SnapshotAt(FakeResource resource, ulong at)
    {
        lock (gate) return snapshots.GetValueOrDefault((resource, at));
    }

    /// <summary>Changes after a version, those of the past first; null when the past is forgotten.</summary>
    public FakeSubscription? Subscribe(ulong after)
    {
        lock (gate)
        {
            if (after < compacted) return null;
            var channel = Channel.CreateUnbounded<FakeChange>();
            foreach (var change in history.Where(c => c.ResourceVersion > after)) channel.Writer.TryWrite(change);
            watchers.Add(channel);
            return new FakeSubscription(channel, () =>
            {
                lock (gate) watchers.Remove(channel);
            });
        }
    }

    public static string KeyOf(string? ns, string name) => string.IsNullOrEmpty(ns) ? name : $"{ns}/{name}";

    public static FakeResource ResourceOf(string? kind) => FakeResource.All.FirstOrDefault(r => r.Kind == kind)
        ?? throw new ArgumentException($"kind '{kind}' is none of {string.Join(", ", FakeResource.All.Select(r => r.Kind))}", nameof(kind));

    private void Publish(FakeChange change)
    {
        history.Add(change);
        foreach (var watcher in watchers) watcher.Writer.TryWrite(change);
    }

    private void Forget()
    {
        compacted = version;
        history.Clear();
        snapshots.Clear();
    }
}

/// <summary>A place in the stream of changes.</summary>
internal sealed class FakeSubscription(Channel<FakeChange> channel, Action unsubscribe) : IDisposable
{
    public ChannelReader<FakeChange> Changes => channel.Reader;

    public void Dispose() => unsubscribe();
}
