using System.Text.Json;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.History;

/// <summary>What a file of the history holds.</summary>
/// <param name="Dropped">How many older plans there were.</param>
internal sealed record SavedHistory(IReadOnlyList<PlanRow> Plans, long Dropped)
{
    /// <summary>It has all plans of the agent that wrote it, which ended in order. An older agent did not say.</summary>
    public bool IsWhole { get; init; }
}

/// <summary>
/// Where the history is kept while no agent runs: a file of the run directory, which is gone after a reboot. It is replaced whole.
/// </summary>
internal sealed class HistoryFile(string path)
{
    /// <summary>Several times what an agent writes.</summary>
    private const int MostBytes = 8 * HistoryRing.DefaultBytes;

    public string Path => path;

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="FormatException">It is not such a file.</exception>
    public SavedHistory Read()
    {
        if (!File.Exists(path)) return new SavedHistory([], 0);
        if (new FileInfo(path).Length > MostBytes) throw new FormatException($"it is larger than {MostBytes} bytes");
        return Parse(File.ReadAllBytes(path));
    }

    /// <exception cref="FormatException">These are not those of such a file.</exception>
    public static SavedHistory Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            var saved = JsonSerializer.Deserialize(text, HistoryFileJson.Default.SavedHistory);
            if (saved is not { Plans: not null, Dropped: >= 0 }) throw new FormatException("it has no plans");
            long last = 0;
            List<PlanRow> plans = [];
            foreach (var plan in saved.Plans.Select(WithLists))
            {
                if (plan is null || !IsWhole(plan) || plan.Number <= last)
                    throw new FormatException($"the plan after number {last} is incomplete");
                last = plan.Number;
                plans.Add(plan);
            }
            return saved with { Plans = plans };
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <exception cref="IOException">It cannot be written; it is as it was then.</exception>
    public void Write(SavedHistory history)
    {
        var next = path + InstanceOptions.Unfinished;
        using (var file = PrivateFile.Create(next)) JsonSerializer.Serialize(file, history, HistoryFileJson.Default.SavedHistory);
        File.Move(next, path, overwrite: true);
    }

    /// <summary>An older agent may not have had them.</summary>
    private static PlanRow? WithLists(PlanRow? plan)
        => plan is null ? null : plan with { Changes = plan.Changes ?? [], Failures = plan.Failures ?? [] };

    /// <summary>JSON may leave out what the types promise.</summary>
    private static bool IsWhole(PlanRow plan) => plan is { Cause: not null }
        && plan.Failures.All(f => f is not null) && plan.Changes.All(IsWhole);

    private static bool IsWhole(ServiceChange? change) => change is { Service: not null, Change: not null, What: not null }
        && change.What.All(w => w is not null) && (change.Backends is not { } backends || backends.Names?.All(n => n is not null) == true);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SavedHistory))]
internal sealed partial class HistoryFileJson : JsonSerializerContext;
