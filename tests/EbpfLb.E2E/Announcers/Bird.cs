using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>bird on a node or on the router.</summary>
internal sealed class Bird : IDisposable
{
    private const string Control = "/run/bird.ctl", File = "/etc/bird/bird.conf";

    private readonly ChildProcess daemon;

    private Bird(PrivateRoot root)
    {
        Root = root;
        daemon = root.StartDaemon("bird", "-f", "-c", File, "-s", Control);
        Eventually.True(() => daemon.HasExited || Root.Try("birdc", "-s", Control, "show", "status").ExitCode == 0, "bird to answer");
        if (daemon.HasExited) throw new InvalidOperationException($"bird ended: {daemon.Output}");
    }

    public PrivateRoot Root { get; }

    public static Bird Start(ProcessPlace place, string configuration)
    {
        var root = PrivateRoot.Start(place);
        try
        {
            root.Write(File, configuration);
            return new Bird(root);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>Asks it or has it do something, such as "disable service4".</summary>
    public string Command(string words) => Root.Run(["birdc", "-s", Control, .. words.Split(' ')]);

    public void Dispose() => Root.Dispose();
}
