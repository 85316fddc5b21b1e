using EbpfLb.Model;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Datapath.Verification;

/// <summary>How the maps of an instance fit together.</summary>
public sealed record PinnedComparison(IReadOnlyList<ComparedElements> Compared, IReadOnlyList<Difference> Differences)
{
    /// <summary>What an agent that was killed just now left to be retired counts too: its successor removes that.</summary>
    public static PinnedComparison Of(in KernelContent content)
    {
        var frontends = KernelReader.Frontends(content);
        var backends = KernelReader.Backends(content);
        var ranges = content.SourceRanges.ToList();
        List<Difference> differences = [];
        foreach (var frontend in frontends)
        {
            if (frontend.Problem is { } problem)
                Add($"{(frontend.Key.Table == IpFamily.IPv4 ? Abi.Tables.Services4.Name : Abi.Tables.Services6.Name)} {frontend.Key}",
                    "list", "one that programs can follow", problem);
        }
        var listed = frontends.SelectMany(f => f.Backends.Concat(f.LocalBackends)).Select(b => b.Id).ToHashSet();
        var served = frontends.Select(f => f.ServiceId).ToHashSet();
        foreach (var backend in backends.Where(b => !listed.Contains(b.Id)))
        {
            Add($"{Abi.Tables.Backends.Name} {backend.Id}", "service_id",
                served.Contains(backend.ServiceId) ? "in a list of its service" : Difference.None,
                $"{backend.Address} of service {backend.ServiceId}, in no list");
        }
        var restricted = frontends.Where(f => f.Sources is not null).Select(f => (f.ServiceId, f.Key.Table)).ToHashSet();
        foreach (var key in ranges.Where(k => !k.IsSound || !restricted.Contains((k.ServiceId, k.Table))).Order())
            Add($"{(key.Table == IpFamily.IPv4 ? Abi.Tables.SrcRanges4.Name : Abi.Tables.SrcRanges6.Name)} {key}", Difference.Whole,
                Difference.None, "asked by no service");
        return new PinnedComparison(
            [
                new(VerifyStage.Kernel, "frontends", frontends.Length), new(VerifyStage.Kernel, Abi.Tables.Backends.Name, backends.Length),
                new(VerifyStage.Kernel, "source ranges", ranges.Count),
            ],
            differences);

        void Add(string what, string field, string expected, string found)
            => differences.Add(new Difference(VerifyStage.Kernel, what, field, expected, found));
    }
}
