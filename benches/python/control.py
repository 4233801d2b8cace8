SCALE = 256


class Pid:
    def __init__(self):
        self.kp = 600
        self.ki = 40
        self.kd = 90
        self.integral = 0
        self.last = 0
        self.limit = 12000


class Motor:
    def __init__(self):
        self.speed = 0
        self.load = 0


def clamp(x, limit):
    return limit if x > limit else -limit if x < -limit else x


def median(a, b, c):
    low = a if a < b else b
    high = b if a < b else a
    return low if c < low else high if c > high else c


def quotient(x, by):
    return x // by if x >= 0 else -(-x // by)


def pid_step(p, target, measured):
    error = clamp(target - measured, 100 * SCALE)
    slope = measured - p.last
    drive = quotient(p.kp * error + p.ki * p.integral - p.kd * slope, SCALE)
    if drive < p.limit and drive > -p.limit:
        p.integral = clamp(p.integral + error, 1 << 20)
    p.last = measured
    return clamp(drive, p.limit)


def run(n):
    state = 11
    total = 0
    target = 0
    pid = Pid()
    motor = Motor()
    window = [0, 0, 0]
    for _ in range(n):
        state = next_random(state)
        wanted = state % 12000 - 6000
        for _ in range(200):
            target += clamp(wanted - target, 50)
            state = next_random(state)
            noise = (state & 31) - 16
            state = next_random(state)
            if state & 63 == 0:
                noise += 9000
            window[0] = window[1]
            window[1] = window[2]
            window[2] = motor.speed + noise
            drive = pid_step(pid, target, median(window[0], window[1], window[2]))
            motor.speed += quotient(drive - motor.speed - motor.load, 16)
            total = fold(total, motor.speed)
        motor.load = quotient(wanted, 7)
    return signed(total)
