using EbpfLb.Bpf;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Loads programs that the agent can do without, over the maps of the others. One that the kernel refuses costs only itself: an object that
/// does not load as a whole is loaded once more for each of its programs.
/// </summary>
/// <param name="refused">Programs that the kernel shall refuse; for tests.</param>
internal sealed class OptionalLoader(MapSet maps, IReadOnlySet<string> refused, ILogger logger)
{
    /// <summary>Loads programs of an object.</summary>
    /// <param name="resource">The object, in this assembly.</param>
    /// <param name="take">Makes of the loaded object and a program of it what shall live on; may throw BpfException.</param>
    /// <returns>By program.</returns>
    public IReadOnlyDictionary<string, OptionalPart<T>> Load<T>(
        string resource, IReadOnlyList<string> programs, Action<BpfObject> configure, Func<BpfObject, string, T> take)
        where T : class
    {
        try
        {
            using var whole = Open(resource, programs, configure);
            return programs.ToDictionary(p => p, p => Take(whole, p, take));
        }
        catch (BpfException) when (programs.Count > 1)
        {
            return programs.ToDictionary(p => p, p => Load(resource, [p], configure, take)[p]);
        }
        catch (BpfException e)
        {
            return programs.ToDictionary(p => p, _ => new OptionalPart<T>(null, e.Summary));
        }
    }

    private static OptionalPart<T> Take<T>(BpfObject bpf, string program, Func<BpfObject, string, T> take)
        where T : class
    {
        try
        {
            return new OptionalPart<T>(take(bpf, program), "");
        }
        catch (BpfException e)
        {
            return new OptionalPart<T>(null, e.Summary);
        }
    }

    private BpfObject Open(string resource, IReadOnlyList<string> programs, Action<BpfObject> configure)
    {
        using var elf = typeof(OptionalLoader).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        var bpf = BpfObject.Open(elf, new ObjectOpenOptions(resource, (_, line) => Log.LibBpf(logger, line)));
        try
        {
            // Its context is not the one that it reads.
            foreach (var program in bpf.Programs.Values.Where(p => refused.Contains(p.Name))) program.Type = ProgramType.SocketFilter;
            configure(bpf);
            bpf.LoadPart(maps, programs);
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }
}

/// <summary>What became of a program that the agent can do without.</summary>
/// <param name="Value">null: the kernel refused it.</param>
/// <param name="Refusal">What the kernel answered, in one line; empty when it took it.</param>
internal sealed record OptionalPart<T>(T? Value, string Refusal)
    where T : class;
