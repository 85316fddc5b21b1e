namespace EbpfLb.Agent.Flows;

/// <summary>
/// Names of interfaces for answers that follow each other: read for the first of them, and again when one names an interface that was not
/// there then. One that is there under another name since has that one when somebody begins to ask. Thread-safe.
/// </summary>
/// <param name="read">The names by index; null: those of this network namespace.</param>
internal sealed class FollowedDevices(Func<IReadOnlyDictionary<uint, string>>? read = null)
{
    private readonly Lock gate = new();

    /// <summary>Those that were not found are not looked for again.</summary>
    private readonly HashSet<uint> missing = [];
    private DeviceNames? names;

    /// <summary>Somebody begins to ask.</summary>
    public void Begin()
    {
        lock (gate) Forget();
    }

    /// <param name="indexes">All interfaces of an answer; 0: none.</param>
    public DeviceNames For(IReadOnlyCollection<uint> indexes)
    {
        lock (gate)
        {
            if (names is { } known && indexes.All(i => i == 0 || known.Has(i) || missing.Contains(i))) return known;
            names = new DeviceNames(read);
            missing.UnionWith(indexes.Where(i => !names.Has(i)));
            return names;
        }
    }

    private void Forget()
    {
        names = null;
        missing.Clear();
    }
}
