using System.Text;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Scenarios.Format;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Scenarios.Runner;

/// <summary>
/// Runs one case from manifests to tables, without a kernel. Sections that say what to do are copied, those that say what
/// is expected are written anew: the result is the file as it should be.
/// <list type="bullet">
/// <item>limits: "max-backends=8" and so on; restarts with tables of these sizes</item>
/// <item>apply: manifests that are added or replaced; the own node is "node-1"</item>
/// <item>delete: "Service default/web" or "EndpointSlice default/web-1", one a line</item>
/// <item>faults: see <see cref="ScenarioFaults"/></item>
/// <item>restart: the agent dies without another word, and the next one finds the tables</item>
/// <item>step (expected): compile, plan, apply; the plan and what went wrong</item>
/// <item>retire: the grace period of everything that waits is over</item>
/// <item>tables (expected): what the tables hold</item>
/// </list>
/// </summary>
internal sealed class Scenario
{
    private static PolicyOptions Options { get; } = new() { NodeName = ManifestState.NodeName };

    private readonly ManifestState manifests = new();
    private readonly ScenarioFaults faults = new();
    private readonly List<RetireBatch> waiting = [];
    private TableLimits limits;
    private MemoryKernel kernel;
    private Mirror mirror;
    private PlanApplier applier;
    private ForwardingTable? table;

    private Scenario()
    {
        limits = new TableLimits
        {
            MaxServices = 64, MaxBackends = 128, MaxSlots = 256, MaxFrontends4 = 64, MaxFrontends6 = 64, MaxRanges4 = 32, MaxRanges6 = 32,
        };
        kernel = new MemoryKernel(limits);
        mirror = new Mirror(limits);
        applier = new PlanApplier(kernel.WithFaults(faults), mirror);
    }

    /// <summary>The text of the case with the expected sections as they come out.</summary>
    public static string Run(string text)
    {
        var scenario = new Scenario();
        return string.Concat(Section.ParseAll(text).Select(scenario.Run));
    }

    private string Run(Section section) => section.Verb switch
    {
        "" => section.ToString(),
        "limits" => Do(section, SetLimits),
        "apply" => Do(section, s => manifests.Apply(s.Body)),
        "delete" => Do(section, s => manifests.Delete(s.Lines)),
        "faults" => Do(section, s => faults.Set(s.Lines)),
        "restart" => Do(section, _ => Restart()),
        "retire" => Do(section, _ => Retire()),
        "step" => Expected(section, Step()),
        "tables" => Expected(section, KernelText.Write(kernel.Content)),
        _ => throw new FormatException($"'== {section.Verb}' is no section of a case"),
    };

    private static string Do(Section section, Action<Section> action)
    {
        action(section);
        return section.ToString();
    }

    private static string Expected(Section section, string body) => (section with { Body = body + "\n" }).ToString();

    private string Step()
    {
        table = ForwardingCompiler.Compile(manifests.Build(), Options, table);
        var text = new StringBuilder();
        foreach (var diagnostic in table.Diagnostics) text.Append("! ").Append(diagnostic).Append('\n');
        var plan = Planner.Plan(table, mirror);
        text.Append(plan);
        var result = applier.Apply(plan);
        foreach (var failure in result.Failures) text.Append("! ").Append(failure).Append('\n');
        if (!result.Retired.IsEmpty) waiting.Add(result.Retired);
        return text.Length == 0 ? "nothing to do\n" : text.ToString();
    }

    private void Retire()
    {
        var batches = waiting.ToArray();
        waiting.Clear();
        foreach (var batch in batches)
        {
            if (applier.Retire(batch) is { IsEmpty: false } left) waiting.Add(left);
        }
    }

    private void Restart()
    {
        table = null;
        waiting.Clear();
        mirror = MirrorLoader.Load(kernel.Content, limits);
        applier = new PlanApplier(kernel.WithFaults(faults), mirror);
    }

    private void SetLimits(Section section)
    {
        foreach (var line in section.Lines)
        {
            var parts = line.Split('=');
            var value = int.Parse(parts[1]);
            limits = parts[0] switch
            {
                "max-services" => limits with { MaxServices = value },
                "max-backends" => limits with { MaxBackends = value },
                "max-slots" => limits with { MaxSlots = value },
                "max-source-ranges" => limits with { MaxRanges4 = value, MaxRanges6 = value },
                "max-frontends" => limits with { MaxFrontends4 = value, MaxFrontends6 = value },
                _ => throw new FormatException($"'{parts[0]}' is no limit"),
            };
        }
        kernel = new MemoryKernel(limits);
        Restart();
    }
}
