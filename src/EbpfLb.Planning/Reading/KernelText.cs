using System.Text;
using EbpfLb.Planning.Mirroring;

namespace EbpfLb.Planning.Reading;

/// <summary>The tables as text, in a stable order: for people, and for files that tests compare with.</summary>
public static class KernelText
{
    public static string Write(in KernelContent content)
    {
        var text = new StringBuilder();
        HashSet<uint> listed = [];
        foreach (var frontend in KernelReader.Frontends(content))
        {
            var affinity = frontend.AffinitySeconds == 0 ? "" : $" affinity {frontend.AffinitySeconds}s";
            text.Append($"{frontend.Key}  service {frontend.ServiceId} slots {frontend.Slots}{affinity}");
            text.Append(frontend.Problem is null ? "\n" : $"  PROBLEM: {frontend.Problem}\n");
            foreach (var backend in frontend.Backends)
            {
                listed.Add(backend.Id);
                text.Append($"  {backend.Id} {backend.Address}\n");
            }
        }
        foreach (var backend in KernelReader.Backends(content))
        {
            if (listed.Contains(backend.Id)) continue;
            text.Append($"backend {backend.Id} {backend.Address} of service {backend.ServiceId}, in no list{(backend.IsLive ? ", LIVE" : "")}\n");
        }
        return text.ToString();
    }
}
