using System.Text;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Testing.Tables;

/// <summary>The tables as text, in a stable order: for people, and for files that tests compare with.</summary>
public static class KernelText
{
    public static string Write(in KernelContent content)
    {
        var text = new StringBuilder();
        HashSet<uint> listed = [];
        foreach (var frontend in KernelReader.Frontends(content))
        {
            text.Append($"{frontend.Key}  service {frontend.ServiceId}{EntryText.Of(frontend)}");
            text.Append(frontend.Problem is null ? "\n" : $"  PROBLEM: {frontend.Problem}\n");
            foreach (var backend in frontend.Backends.Union(frontend.LocalBackends).OrderBy(b => b.Address))
            {
                listed.Add(backend.Id);
                text.Append($"  {backend.Id} {backend.Address}{EntryText.Lists(backend.Lists)}\n");
            }
            foreach (var source in frontend.Sources ?? []) text.Append($"  from {source}\n");
        }
        foreach (var backend in KernelReader.Backends(content))
        {
            if (listed.Contains(backend.Id)) continue;
            text.Append($"backend {backend.Id} {backend.Address} of service {backend.ServiceId}, in no "
                + $"list{(backend.IsListed ? $", marked {backend.Lists}" : "")}\n");
        }
        // Ranges of what is not restricted; they harm nobody and wait for their end.
        var restricted = KernelReader.Frontends(content).Where(f
            => f.Sources is not null).Select(f => (f.ServiceId, f.Key.Table)).ToHashSet();
        foreach (var key in content.SourceRanges.Order())
        {
            if (!key.IsSound || !restricted.Contains((key.ServiceId, key.Table))) text.Append($"source {key}, asked by nobody\n");
        }
        return text.ToString();
    }
}
