using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Datapath;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>The whole command line over parts that a test holds.</summary>
internal sealed class TestCommandLine : IDisposable
{
    private readonly CollectedText output = new();
    private readonly CollectedText error = new();

    public Func<AgentOptions, ILoggerFactory, IClusterSource> OpenSource { get; set; } = (_, _) => new FakeSource();

    public Func<AgentOptions, ILoggerFactory, IDataplane> OpenDataplane { get; set; } = (_, _) => new FakeDataplane();

    /// <summary>The options that a source was opened with, after <see cref="StopAtSource"/>; null: it did not come to that.</summary>
    public StartOptions? Seen { get; private set; }

    /// <summary>Those that a changed file would replace.</summary>
    public LiveOptions? SeenLive { get; private set; }

    public FakeFinder Finder { get; set; } = new(null);

    /// <summary>Asked in place of <see cref="Finder"/>; null: that one is.</summary>
    public IInstanceFinder? FinderOf { get; set; }

    public FakeRemover Remover { get; set; } = new();

    /// <summary>The variables that are set.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public bool IsRoot { get; set; } = true;

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public List<int> OomScores { get; } = [];

    public int Prepared { get; private set; }

    public IReadOnlyList<string> PrepareProblems { get; set; } = [];

    /// <summary>What `doctor` finds.</summary>
    public IReadOnlyList<CheckResult> Checks { get; set; } = [];

    /// <summary>What `doctor` was asked for; null: it was not.</summary>
    public DoctorRequest? Examined { get; private set; }

    public int? TerminalWidth { get; set; }

    public int? TerminalHeight { get; set; }

    public bool TerminalHasColors { get; set; }

    public string Output => output.ToString();

    public string[] OutputLines => Output.Split('\n');

    public string Error => error.ToString();

    /// <summary>`ebpflb run` gets as far as its source, and no further.</summary>
    public TestCommandLine StopAtSource()
    {
        OpenSource = (options, _) =>
        {
            (Seen, SeenLive) = (options.Start, options.Live(o => o)());
            throw new StartException("enough seen");
        };
        return this;
    }

    public Task<int> RunAsync(params string[] args) => RunAsync(args, TestContext.Current.CancellationToken);

    /// <summary>What is wrong with a command line, which is not run.</summary>
    public IEnumerable<string> Errors(string[] args) => NewCommandLine().Parse(args) is { Errors.Count: > 0 } result
        ? UsageErrors.Of(result) : [];

    /// <summary>All commands.</summary>
    public System.CommandLine.RootCommand Root() => NewCommandLine().CreateRoot();

    public Task<int> RunAsync(string[] args, CancellationToken cancellationToken) => NewCommandLine().InvokeAsync(args, cancellationToken);

    private CommandLine NewCommandLine()
    {
        var parts = new AgentParts(
            (o, l) => OpenSource(o, l), (o, l) => OpenDataplane(o, l), FinderOf ?? Finder, Remover, Time)
        {
            SetOomScore = SetOomScore,
            PrepareNode = Prepare,
            Examine = Examine,
            Environment = Environment.GetValueOrDefault,
            IsRoot = IsRoot,
        };
        return new CommandLine(parts, new Terminal(output.Writer, error.Writer, TerminalWidth, TerminalHeight, TerminalHasColors));
    }

    private string? SetOomScore(int score)
    {
        OomScores.Add(score);
        return null;
    }

    private Task<DoctorReport> Examine(DoctorRequest request, CancellationToken cancellationToken)
    {
        Examined = request;
        return Task.FromResult(new DoctorReport(request.Instance.Name, "1.2.3", "defaults", Checks));
    }

    private IReadOnlyList<string> Prepare(AgentOptions options)
    {
        Prepared++;
        return PrepareProblems;
    }

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
    }
}
