using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Logging;

/// <summary>How much is logged; may be changed while the agent runs.</summary>
internal sealed class Verbosity(int level)
{
    private volatile int level = level;

    public int Level
    {
        get => level;
        set => level = value;
    }

    public bool Allows(LogLevel message) => message >= AgentLogging.LevelOf(level);
}
