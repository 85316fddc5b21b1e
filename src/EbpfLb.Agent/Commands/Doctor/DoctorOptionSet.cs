using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>
/// The options of `ebpflb doctor`: those of `ebpflb run` are taken, so that an agent's can be repeated. The help shows those that checks
/// depend on most.
/// </summary>
internal sealed class DoctorOptionSet(InstanceOptionSet instance)
{
    private static readonly string[] OfInstance = [OptionNames.Instance, OptionNames.RunDir, OptionNames.Bpffs];

    private static readonly string[] Shown =
    [
        OptionNames.Kubeconfig, OptionNames.ApiServer, OptionNames.Manifests, OptionNames.CgroupRoot, OptionNames.ClusterCidr,
        OptionNames.Devices, OptionNames.SnatPorts,
    ];

    private readonly Option<string> config = new(OptionNames.Config)
    {
        HelpName = "FILE",
        Description = $"The agent's configuration (default: what the running agent has in force, else {DoctorRequest.PackagedConfig})",
    };

    private readonly IReadOnlyList<ConfigOption> all
        = [.. ConfigOption.Of(ConfigDocument.Both.SelectMany(d => d.Rows)).Where(o => !OfInstance.Contains(o.Name))];

    public void AddTo(Command command)
    {
        command.Options.Add(config);
        instance.AddTo(command);
        foreach (var option in all)
        {
            option.Option.Hidden |= !Shown.Contains(option.Name);
            command.Options.Add(option.Option);
        }
        command.AddCheck(result =>
        {
            foreach (var error in ConfigErrors.Of(result, all, formsOnly: HasFile(result))) result.AddError(error);
        });
    }

    public DoctorRequest Read(ParseResult result)
    {
        var command = result.CommandResult;
        var given = all.Where(o => o.IsGiven(command)).ToList();
        return new DoctorRequest(instance.Read(result), result.GetValue(config),
            given.Count == 0 ? null : start => given.Aggregate(Source(given, start), (loaded, option) => option.Apply(command, loaded)));
    }

    /// <summary>Who names an API server means it, and not the manifests of the agent or the file.</summary>
    private static LoadedConfig Source(List<ConfigOption> given, LoadedConfig start)
        => given.Exists(o => o.Name is OptionNames.Kubeconfig or OptionNames.ApiServer)
            ? start with { EbpfLb = start.EbpfLb with { Manifests = "" } } : start;

    private bool HasFile(SymbolResult result) => result.GetResult(config) is { Implicit: false };
}

/// <summary>What the command line asks for.</summary>
/// <param name="ConfigPath">null: none was named.</param>
/// <param name="Overlay">Puts the options over what else is known; null: none was given.</param>
internal sealed record DoctorRequest(InstanceOptions Instance, string? ConfigPath, Func<LoadedConfig, LoadedConfig>? Overlay)
{
    /// <summary>Where the package has it.</summary>
    public const string PackagedConfig = "/etc/ebpflb/config.yaml";

    private const string OfAgent = "the running agent's";

    /// <summary>The configuration is the agent's, and no option was given that overrides it.</summary>
    public static bool IsOfAgent(string origin) => origin == OfAgent;

    /// <summary>The configuration that checks go by, and where it comes from.</summary>
    /// <param name="running">What the agent has in force; null: none answered.</param>
    /// <exception cref="ConfigException">The file that was named cannot be used.</exception>
    public (LoadedConfig Config, string Origin) Choose(LoadedConfig? running)
    {
        var (config, origin) = ConfigPath is not null ? (ConfigFile.Load(ConfigPath), ConfigPath)
            : running is not null ? (running, OfAgent)
            : File.Exists(PackagedConfig) ? (ConfigFile.Load(PackagedConfig), PackagedConfig)
            : (LoadedConfig.Default, "defaults");
        return Overlay is null ? (config, origin) : (Overlay(config), $"{origin}, with the options that were given");
    }
}
