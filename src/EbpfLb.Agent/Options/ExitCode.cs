namespace EbpfLb.Agent.Options;

/// <summary>How commands end; part of the interface, documented in the help.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It was tried and did not work; the reason is on the error output.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The agent runs but is not ready, or nothing of this instance is there.</summary>
    public const int NotReady = 3;
}
