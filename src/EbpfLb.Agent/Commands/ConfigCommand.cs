using System.CommandLine;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Reload;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb config check|show|defaults`: configuration files, and what a running instance makes of its own.</summary>
internal sealed class ConfigCommand(CommandContext context)
{
    private const string KubeProxyWord = "kube-proxy";
    private const string OwnWord = "ebpflb";

    public Command Create()
    {
        var command = new Command("config", "Checks and shows configuration files (KubeProxyConfiguration and EbpfLbConfiguration)");
        command.Subcommands.Add(CreateCheck());
        command.Subcommands.Add(CreateShow());
        command.Subcommands.Add(CreateDefaults());
        return command;
    }

    private Command CreateCheck()
    {
        var file = new Argument<string>("FILE") { Description = "A configuration file, or a ConfigMap with one" };
        var command = new Command("check", "Says everything that is wrong with a file, and what in it has no meaning here") { file };
        command.SetAction(result => Check(result.GetValue(file)!));
        return command;
    }

    private Command CreateShow()
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "A configuration file (default: what the running instance has in force)", Arity = ArgumentArity.ZeroOrOne,
        };
        var instance = context.NewInstanceOptions();
        var format = CheckedOption.Create("--output", "yaml|json", "How to answer (default: yaml)", Choice.Parse<ConfigFormat>);
        format.Aliases.Add("-o");
        var command = new Command("show", "Shows both configurations with every field") { file };
        instance.AddTo(command);
        command.Options.Add(format);
        command.SetAction((result, token) => result.GetValue(file) is { } path
            ? Task.FromResult(ShowFile(path, result.GetValue(format)))
            : ShowInstanceAsync(instance.Read(result), result.GetValue(format), token));
        return command;
    }

    private Command CreateDefaults()
    {
        var kind = new Argument<string?>("KIND")
        {
            Description = $"{KubeProxyWord} or {OwnWord} (default: both)", Arity = ArgumentArity.ZeroOrOne,
        };
        kind.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not (KubeProxyWord or OwnWord) and var other }])
                result.AddError($"'{other}' is no kind of configuration; give {KubeProxyWord} or {OwnWord}");
        });
        var command = new Command("defaults", "Prints configurations with the defaults and what each field does") { kind };
        command.SetAction(result =>
        {
            context.Terminal.Out.Write(result.GetValue(kind) switch
            {
                KubeProxyWord => ConfigYaml.Write(ConfigDocument.OfKubeProxy, LoadedConfig.Default, withComments: true),
                OwnWord => ConfigYaml.Write(ConfigDocument.Own, LoadedConfig.Default, withComments: true),
                _ => ConfigYaml.Write(LoadedConfig.Default, withComments: true),
            });
            return ExitCode.Ok;
        });
        return command;
    }

    private int Check(string path)
    {
        if (Load(path) is not { } config) return ExitCode.Failed;
        var output = context.Terminal.Out;
        foreach (var note in UnsupportedFields.Fields(config)) output.WriteLine($"no meaning here: {note.Path}: {note.Text}");
        var warnings = config.Warnings.Count switch { 0 => "", 1 => ", with 1 warning", var count => $", with {count} warnings" };
        output.WriteLine($"{path} can be used{warnings}");
        return ExitCode.Ok;
    }

    private int ShowFile(string path, ConfigFormat format)
    {
        if (Load(path) is not { } config) return ExitCode.Failed;
        Show(config, format);
        return ExitCode.Ok;
    }

    private Task<int> ShowInstanceAsync(InstanceOptions instance, ConfigFormat format, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
    {
        if (await view.ConfigAsync(cancellationToken) is not { } json)
        {
            await context.Terminal.Error.WriteLineAsync($"no agent of instance '{instance.Name}' answers, and the pinned "
                + "maps hold no configuration; start it, or name a file");
            return ExitCode.NotReady;
        }
        if (format == ConfigFormat.Json) await context.Terminal.Out.WriteLineAsync(json);
        else Show(ConfigJson.Read(json), format);
        return ExitCode.Ok;
    }, cancellationToken);

    private void Show(LoadedConfig config, ConfigFormat format)
        => context.Terminal.Out.Write(format == ConfigFormat.Json ? ConfigJson.Write(config) + "\n" : ConfigYaml.Write(config));

    /// <summary>null: it cannot be used, which has been said.</summary>
    private LoadedConfig? Load(string path)
    {
        var error = context.Terminal.Error;
        try
        {
            var config = ConfigFile.Load(path);
            foreach (var warning in config.Warnings) error.WriteLine($"warning: {warning}");
            return config;
        }
        catch (ConfigException e)
        {
            foreach (var warning in e.Warnings) error.WriteLine($"warning: {warning}");
            error.WriteLine(e.Message);
            return null;
        }
    }

    private enum ConfigFormat
    {
        Yaml,
        Json,
    }
}
