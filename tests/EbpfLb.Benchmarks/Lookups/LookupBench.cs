using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;

namespace EbpfLb.Benchmarks.Lookups;

/// <summary>Candidates for the layout of the maps (bpf/bench/lookup.bpf.c), each as a program under BPF_PROG_TEST_RUN.</summary>
internal static class LookupBench
{
    private const int Rounds = 15;
    private const int Repeat = 200_000;

    private const string Peers = "b_path_hashes";

    /// <summary>Lines of the plot.</summary>
    private static readonly (string Program, string Name)[] Drawn =
    [
        (Peers, "path, hashes"), ("b_path_arrays", "path, arrays"), ("b_lpm", "LPM trie"), ("b_hash8", "hash, 8 bytes"),
        ("b_array", "array"),
    ];

    private static readonly (string Program, string Meaning)[] Programs =
    [
        ("b_empty", "nothing (the floor that every row contains)"),
        ("b_hash8", "hash, 8-byte key: IPv4 frontend"),
        ("b_hash20", "hash, 20-byte key: IPv6 frontend, or both families in one map"),
        ("b_lpm", "LPM trie, 8 bytes of prefix: frontend and source range in one"),
        ("b_index8", "hash to an index, then array: frontends share a service"),
        ("b_array", "array"),
        ("b_hash4", "hash, 4-byte key: backends by id"),
        ("b_lru16", "LRU hash hit, 16-byte key: affinity per family"),
        ("b_lru24", "LRU hash hit, 24-byte key: affinity of both families"),
        ("b_path_arrays", "service hash, slot array, backend array (chosen)"),
        (Peers, "service hash, slot hash, backend hash (peers)"),
    ];

    public static void Run(Report report, byte[] elf)
    {
        int[] sizes = [1, 1_000, 10_000, 100_000];
        var results = new Dictionary<(string, int, bool), Samples>();
        var runs = new List<(string Program, int Keys, bool Miss, BpfProgram Loaded)>();
        foreach (var keys in sizes)
        foreach (var miss in keys == 10_000 ? new[] { false, true } : [false])
        {
            using var bpf = BpfObject.Open(elf);
            bpf.Knobs.Set("bench_keys", (uint)keys);
            bpf.Knobs.Set("bench_offset", miss ? 1u << 20 : 0u);
            bpf.Load();
            Fill(bpf, keys);
            runs.AddRange(Programs.Select(p => (p.Program, keys, miss, bpf.OpenProgram(p.Program))));
        }
        var request = new TestRunRequest { Data = new byte[64], DataOutCapacity = 256, Repeat = Repeat };
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var run in runs)
            {
                var ns = run.Loaded.TestRun(request).DurationNanoseconds;
                if (!results.TryGetValue((run.Program, run.Keys, run.Miss), out var samples))
                    results[(run.Program, run.Keys, run.Miss)] = samples = new Samples();
                samples.Add(ns);
            }
        }
        foreach (var run in runs) run.Loaded.Dispose();

        report.Title("Map layout: ns per program run",
            $"`BPF_PROG_TEST_RUN`, {Repeat:N0} runs, median [quartiles] of {Rounds} interleaved rounds, keys drawn at random. "
                + "Of peers: over the last row at 10,000 keys.");
        report.Table(
            ["program", .. sizes.Select(s => s == 1 ? "1 key" : $"{s:N0} keys"), "10,000 keys, miss", "10,000 keys, of peers"],
            Programs.Select(p => (string[])
            [
                p.Meaning, .. sizes.Select(s => results[(p.Program, s, false)].Text()), results[(p.Program, 10_000, true)].Text(),
                results[(p.Program, 10_000, false)].Over(results[(Peers, 10_000, false)]).Text("0.00"),
            ]));
        report.Figure("lookups.svg", "Lookups by the number of keys", Plot.Lines(
            "Lookups, keys drawn at random", "keys", "ns a program run",
            [.. Drawn.Select(line => (line.Name, (IReadOnlyList<(double, double)>)
                [.. sizes.Select(s => ((double)s, results[(line.Program, s, false)].Median))]))]));
    }

    private static void Fill(BpfObject bpf, int keys)
    {
        Fill<Words2, Words8>(bpf, "m_hash8", keys, (k, i) => k[0] = i);
        // Second half of the map: slot 1 of each service, for the layout with slots in the service map.
        if (keys <= 50_000) Fill<Words2, Words8>(bpf, "m_hash8", keys, (k, i) => (k[0], k[1]) = (i, 1));
        Fill<Words5, Words8>(bpf, "m_hash20", keys, (k, i) => k[0] = i);
        Fill<Words2, uint>(bpf, "m_index8", keys, (k, i) => k[0] = i);
        Fill<Words3, Words8>(bpf, "m_lpm", keys, (k, i) => (k[0], k[1]) = (64, i));
        Fill<uint, Words8>(bpf, "m_array", keys, (k, i) => k[0] = i);
        Fill<uint, ulong>(bpf, "m_slots", keys, (k, i) => k[0] = i);
        Fill<uint, Words8>(bpf, "m_hash4", keys, (k, i) => k[0] = i);
        Fill<Words4, ulong>(bpf, "m_lru16", keys, (k, i) => k[0] = i);
        Fill<Words6, ulong>(bpf, "m_lru24", keys, (k, i) => k[0] = i);
    }

    private delegate void SetKey(Span<uint> words, uint index);

    /// <summary>Element i gets i as the first word of its value: that is what a path follows to the next table.</summary>
    private static void Fill<TKey, TValue>(BpfObject bpf, string name, int keys, SetKey set)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        using var map = bpf.OpenMap<TKey, TValue>(name);
        for (uint i = 0; i < keys; i++)
        {
            TKey key = default;
            TValue value = default;
            set(MemoryMarshal.Cast<TKey, uint>(new Span<TKey>(ref key)), i);
            MemoryMarshal.Cast<TValue, uint>(new Span<TValue>(ref value))[0] = i;
            map.Update(key, value);
        }
    }

    [InlineArray(2)] private struct Words2 { private uint first; }

    [InlineArray(3)] private struct Words3 { private uint first; }

    [InlineArray(4)] private struct Words4 { private uint first; }

    [InlineArray(5)] private struct Words5 { private uint first; }

    [InlineArray(6)] private struct Words6 { private uint first; }

    [InlineArray(8)] private struct Words8 { private uint first; }
}
